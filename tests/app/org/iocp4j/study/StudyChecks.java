package org.iocp4j.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What holds of findings wherever they were made. */
final class StudyChecks {
    private StudyChecks() {
    }

    /** On a slow machine an experiment says how far it is. */
    static String withoutProgress(String err) {
        return err.replaceAll("(?m)^[a-z-]+: \\d+ s(, .*)?\n", "");
    }

    /** Of {@code wrong-session}: row by row, each packet was counted once; five packets a connection. */
    static void countsAddUp(Finding finding, int connections) {
        Table table = finding.tables().getFirst();
        int allConnections = 0;
        for (List<String> row : table.rows()) {
            int packets = cell(table, row, "packets");
            assertThat(cell(table, row, "AcceptEx") + cell(table, row, "right, new socket")
                    + cell(table, row, "right by chance") + cell(table, row, "live stranger")
                    + cell(table, row, "deleted session")).as("%s", row).isEqualTo(packets);
            assertThat(cell(table, row, "AcceptEx")).isEqualTo(cell(table, row, "connections"));
            assertThat(packets).isEqualTo(5 * cell(table, row, "connections"));
            allConnections += cell(table, row, "connections");
        }
        assertThat(allConnections).isEqualTo(connections);
        assertThat(table.rows()).extracting(row -> row.getLast())
                .as("LIFO hides it with one client, FIFO shows it always")
                .startsWith("0 %").endsWith("100 %", "100 %").doesNotContain("-");
    }

    /** Each verdict is in the file, and each line of the file is a verdict. */
    static void areAsExpected(String file, List<Study.Result> results) {
        List<String> lines = StudyChecks.class.getResourceAsStream("/study/" + file) instanceof InputStream stream
                ? new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8)).lines().toList()
                : List.of();
        assertThat(new Expectations(lines).differences(results)).isEmpty();
        List<String> verdicts = results.stream().flatMap(result -> result.verdicts().entrySet().stream())
                .map(verdict -> verdict.getKey() + " " + verdict.getValue()).toList();
        assertThat(verdicts)
                .containsExactlyInAnyOrderElementsOf(lines.stream().filter(line -> !line.startsWith("#")).toList());
    }

    /** Of {@code cures}: the bug is found, and by whoever is not possible here nothing is claimed. */
    static void onlyTheBugFails(Finding finding, boolean reKeyIsPossible) {
        Table complex = finding.tables().get(1);
        assertThat(complex.rows()).extracting(List::getFirst)
                .containsExactly("(none)", "overlapped", "slot-key", "re-key", "fresh-socket");
        for (List<String> row : complex.rows()) {
            String begins = row.getFirst().equals("(none)") ? "NO: "
                    : row.getFirst().equals("re-key") && !reKeyIsPossible ? "-" : "yes: ";
            assertThat(row.subList(1, row.size())).as("%s", row).hasSize(5).allMatch(cell -> cell.startsWith(begins));
            assertThat(row.getLast()).as("late packets").matches("NO: .*|-|yes: 4 packets, 1 late");
        }
        assertThat(finding.tables().getFirst().rows()).extracting(row -> row.get(3)).as("calls per recycle")
                .containsExactly("1", "1", "1", reKeyIsPossible ? "2" : "-", "3");
    }

    /** Of {@code time-wait}: at the end that closed first, and nowhere where the connection was reset at once. */
    static void whoeverClosedFirstWaits(Finding finding) {
        Table table = finding.tables().get(1);
        assertThat(table.rows()).hasSize(33);
        assertThat(table.rows()).filteredOn(row -> row.get(1).equals("closesocket") && row.get(2).startsWith("on"))
                .hasSize(3)
                .allSatisfy(row -> assertThat(row.get(5) + row.get(7)).as("%s", row).doesNotContain("TIME_WAIT"));
        assertThat(table.rows()).filteredOn(row -> row.getFirst().equals("client"))
                .allSatisfy(row -> assertThat(row.get(5)).as("server's end, %s", row).doesNotContain("TIME_WAIT"));
        assertThat(table.rows()).filteredOn(row -> row.getFirst().equals("server") && row.get(2).equals("off")
                        && !row.get(1).equals("TransmitFile"))
                .hasSize(4).allSatisfy(row -> assertThat(row.get(5)).as("server's end, %s", row).contains("TIME_WAIT"));
        assertThat(table.rows())
                .allSatisfy(row -> assertThat(row.get(5) + " " + row.get(7)).as("connected at first, %s", row)
                .startsWith("ESTAB").contains(" ESTAB"));
        everySocketIsCounted(finding.tables().getFirst());
        assertThat(finding.pictures()).hasSize(4);
    }

    /** Eleven connections for each closer; a count is a number, or ours and the host's. */
    private static void everySocketIsCounted(Table counts) {
        assertThat(counts.rows()).hasSize(24).allSatisfy(row -> assertThat(row.stream().skip(3)
                .filter(cell -> !cell.equals("-")).mapToInt(cell -> Integer.parseInt(cell.split(" / ")[0])).sum())
                .as("%s", row).isEqualTo(11));
    }

    /** Of {@code cost}: what a connection takes, which is no matter of speed. */
    static void reuseSavesCalls(Finding finding) {
        List<List<String>> rows = finding.tables().getFirst().rows();
        assertThat(rows).extracting(row -> row.get(0) + " " + row.get(1) + " " + row.get(3))
                .startsWith("closesocket 1 8", "DisconnectEx 0 6");
    }

    private static int cell(Table table, List<String> row, String column) {
        return Integer.parseInt(row.get(table.columns().indexOf(column)));
    }
}
