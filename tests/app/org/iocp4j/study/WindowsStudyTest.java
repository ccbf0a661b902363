package org.iocp4j.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.iocp4j.win32.Win32;
import org.iocp4j.win32.WindowsWin32;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The experiments on the system that runs the tests: Windows, or Wine. */
@EnabledOnOs(OS.WINDOWS)
@Timeout(600)
class WindowsStudyTest {
    private static final String ERROR_87 = "ERROR_INVALID_PARAMETER (87)";
    /** Runs of experiments, the long ones among them looked at by more than one test. */
    private static final Map<String, Study.Result> RUNS = new HashMap<>();
    private static Site site;

    @BeforeAll
    static void here() {
        site = Site.here();
    }

    @Test
    void packetsNameTheWrongSession() {
        Finding finding = run(new WrongSession());
        assertThat(finding.verdict()).isEqualTo(Verdict.SEEN);
        StudyChecks.countsAddUp(finding, 1_000);
        assertThat(finding.pictures()).hasSize(5);
    }

    /** Generation 1: the key is the session's. Later: it is the first one's, on the same socket. */
    @RepeatedTest(3)
    void theKeyStaysAndTheOverlappedGoesAlong() {
        Finding finding = run(new KeyAndOverlapped());
        assertThat(finding.verdict()).isEqualTo(Verdict.SEEN);
        List<List<String>> rows = finding.tables().getFirst().rows();
        assertThat(rows).hasSize(30).allSatisfy(row -> assertThat(row.get(5)).as("%s", row).isEqualTo(row.get(3)));
        String firstSocket = rows.getFirst().getFirst();
        assertThat(rows).filteredOn(row -> row.getFirst().equals(firstSocket) && !row.get(2).equals("AcceptEx"))
                .hasSize(12).extracting(row -> row.get(4)).containsOnly("1");
    }

    @RepeatedTest(3)
    void aSecondAssociationFailsWith87() {
        Finding finding = run(new SecondAssociation());
        assertThat(finding.verdict()).isEqualTo(Verdict.SEEN);
        assertThat(finding.evidence()).contains("10 of 10 second associations failed with " + ERROR_87);
        assertThat(finding.tables().getFirst().rows()).extracting(row -> row.get(3) + ", " + row.get(4))
                .containsOnly("the port, -", "NULL, " + ERROR_87);
        assertThat(finding.tables().getFirst().rows())
                .filteredOn(row -> row.getFirst().equals("through a duplicated handle"))
                .hasSize(2).extracting(List::getLast).containsOnly(ERROR_87);
    }

    @RepeatedTest(3)
    void onlyTheSerialNumberSurvivesLatePackets() {
        Finding finding = run(new LatePackets());
        assertThat(finding.verdict()).isEqualTo(Verdict.SEEN);
        assertThat(finding.tables().getFirst().rows()).isNotEmpty().allSatisfy(row -> {
            assertThat(row.getLast()).isEqualTo("recognised as late");
            assertThat(row.get(4)).as("slot key").isEqualTo("a live stranger");
        });
    }

    @RepeatedTest(3)
    void theCuresHoldForMoreThanEcho() {
        Finding finding = run(new Cures());
        assertThat(finding.cures()).containsEntry("overlapped", Verdict.WORKS).containsEntry("slot-key", Verdict.WORKS)
                .containsEntry("fresh-socket", Verdict.WORKS);
        StudyChecks.onlyTheBugFails(finding, finding.cures().get("re-key") == Verdict.WORKS);
    }

    @Test
    @Tag("slow")
    void whoeverClosedFirstHasTimeWait() {
        Finding finding = runOnce(new TimeWait());
        assertThat(finding.verdict()).isEqualTo(Verdict.SEEN);
        if (site.platform() == Platform.WINE) {
            StudyChecks.whoeverClosedFirstWaits(finding);
        }
    }

    /** As Wine's is on a machine with some thousand connections. */
    @Test
    @Tag("slow")
    void linuxStandsInForATableThatCannotBeRead() throws Exception {
        assumeTrue(site.platform() == Platform.WINE);
        try (Lab lab = new Lab(Platform.WINE, () -> withoutTable(WindowsWin32.attach()), JavaPeer::new, state -> { })) {
            Finding finding = new TimeWait().run(lab);
            assertThat(finding.verdict()).isEqualTo(Verdict.SEEN);
            StudyChecks.whoeverClosedFirstWaits(finding);
            assertThat(finding.evidence())
                    .anyMatch(line -> line.startsWith("It could not be read at 6 of 6 looks (GetExtended")
                    && line.contains("(14)"));
        }
    }

    @Test
    @Tag("slow")
    void reuseSavesCallsWhateverItDoesToSpeed() {
        Finding finding = runOnce(new Cost());
        assertThat(finding.verdict()).isEqualTo(Verdict.SEEN);
        StudyChecks.reuseSavesCalls(finding);
        assertThat(finding.evidence()).filteredOn(line -> line.contains(" beside closesocket: "))
                .isNotEmpty().allMatch(line -> line.matches(".*: (slower|faster|no clear difference), ratio .*"));
    }

    @Test
    @Tag("slow")
    @Tag("nightly")
    void underWineTheVerdictsAreThoseOfTheFile() {
        assumeTrue(site.platform() == Platform.WINE);
        StudyChecks.areAsExpected("expect-wine.txt",
                Study.experiments().stream().map(WindowsStudyTest::result).toList());
    }

    /** The call is not made: of a large table Wine takes seconds for it [wine]. */
    private static Win32 withoutTable(Win32 win32) {
        int outOfMemory = 14;
        return (Win32) Proxy.newProxyInstance(Win32.class.getClassLoader(), new Class<?>[] {Win32.class},
                (proxy, method, arguments) -> method.getName().equals("getExtendedTcpTable") ? (Object) outOfMemory
                        : method.invoke(win32, arguments));
    }

    private static Finding run(Experiment experiment) {
        return finding(Study.run(experiment, site, state -> { }));
    }

    private static Finding runOnce(Experiment experiment) {
        return finding(result(experiment));
    }

    private static Study.Result result(Experiment experiment) {
        return RUNS.computeIfAbsent(experiment.name(), name -> Study.run(experiment, site, state -> { }));
    }

    private static Finding finding(Study.Result result) {
        assertThat(result.failure()).isEmpty();
        return result.finding();
    }
}
