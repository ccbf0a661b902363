package org.iocp4j.study;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/**
 * For programs: one object per experiment, each on one line.
 *
 * <table>
 * <caption>Its fields</caption>
 * <tr><td>{@code experiment}</td><td>the name</td></tr>
 * <tr><td>{@code question}</td><td>what it asks</td></tr>
 * <tr><td>{@code platform}</td><td>{@code windows}, {@code wine} or {@code simulated}</td></tr>
 * <tr><td>{@code system}</td><td>the platform with its version, or the seed of the simulation</td></tr>
 * <tr><td>{@code known}</td><td>how a finding made there is known</td></tr>
 * <tr><td>{@code verdict}</td><td>{@code seen}, {@code not seen}, {@code works}, {@code fails} or {@code not possible here};
 * of an experiment with cures an object, cure to verdict; null if a call failed or a wait took too long</td></tr>
 * <tr><td>{@code failure}</td><td>what went wrong then, else null</td></tr>
 * <tr><td>{@code reason}, {@code documentation}</td><td>why it, or a part of it, is not possible here, and what Windows'
 * documentation says; else null</td></tr>
 * <tr><td>{@code evidence}</td><td>array of lines</td></tr>
 * <tr><td>{@code tables}</td><td>array of {@code {title, columns, rows}}; rows are arrays of texts</td></tr>
 * <tr><td>{@code timelines}</td><td>array of {@code {title, events, lanes}}; a lane is {@code {name, sessions, packets}}, a
 * session {@code {session, generation, from, to}}, a packet {@code {at, operation, key, session, right}}; from, to and at
 * number the events in order; right is null where the key says nothing of sessions</td></tr>
 * </table>
 */
public final class JsonReport implements StudyReport {
    private static final JsonFactory FACTORY = new JsonFactory();

    private final PrintWriter out;
    private final Site site;

    public JsonReport(PrintWriter out, Site site) {
        this.out = out;
        this.site = site;
    }

    @Override
    public void starts(Experiment experiment) {
        // Its line comes when it has ended.
    }

    @Override
    public void ended(Study.Result result) {
        StringWriter line = new StringWriter();
        try (JsonGenerator json = FACTORY.createGenerator(line)) {
            json.writeStartObject();
            json.writeStringField("experiment", result.experiment().name());
            json.writeStringField("question", result.experiment().question());
            json.writeStringField("platform", site.platform().toString());
            json.writeStringField("system", site.description());
            json.writeStringField("known", site.platform().known());
            verdict(json, result.finding());
            textOrNull(json, "failure", result.failure());
            finding(json, result.finding() == null ? Finding.builder().verdict(null) : result.finding());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        out.println(line);
    }

    private static void verdict(JsonGenerator json, Finding finding) throws IOException {
        if (finding == null) {
            json.writeNullField("verdict");
        } else if (finding.verdict() != null) {
            json.writeStringField("verdict", finding.verdict().toString());
        } else {
            json.writeObjectFieldStart("verdict");
            for (Map.Entry<String, Verdict> cure : finding.cures().entrySet()) {
                json.writeStringField(cure.getKey(), cure.getValue().toString());
            }
            json.writeEndObject();
        }
    }

    private static void finding(JsonGenerator json, Finding finding) throws IOException {
        textOrNull(json, "reason", finding.reason());
        textOrNull(json, "documentation", finding.documentation());
        texts(json, "evidence", finding.evidence());
        json.writeArrayFieldStart("tables");
        for (Table table : finding.tables()) {
            json.writeStartObject();
            json.writeStringField("title", table.title());
            texts(json, "columns", table.columns());
            json.writeArrayFieldStart("rows");
            for (List<String> row : table.rows()) {
                json.writeArray(row.toArray(String[]::new), 0, row.size());
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeArrayFieldStart("timelines");
        for (Timeline timeline : finding.timelines()) {
            timeline(json, timeline);
        }
        json.writeEndArray();
    }

    private static void timeline(JsonGenerator json, Timeline timeline) throws IOException {
        json.writeStartObject();
        json.writeStringField("title", timeline.title());
        json.writeNumberField("events", timeline.events());
        json.writeArrayFieldStart("lanes");
        for (Timeline.Lane lane : timeline.lanes()) {
            json.writeStartObject();
            json.writeStringField("name", lane.name());
            json.writeArrayFieldStart("sessions");
            for (Timeline.Bar bar : lane.bars()) {
                json.writeStartObject();
                json.writeNumberField("session", bar.session());
                json.writeNumberField("generation", bar.generation());
                json.writeNumberField("from", bar.from());
                json.writeNumberField("to", bar.to());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeArrayFieldStart("packets");
            for (Timeline.Dot dot : lane.packets()) {
                packet(json, dot);
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void packet(JsonGenerator json, Timeline.Dot dot) throws IOException {
        json.writeStartObject();
        json.writeNumberField("at", dot.at());
        json.writeStringField("operation", dot.operation().toString());
        json.writeNumberField("key", dot.key());
        json.writeNumberField("session", dot.session());
        if (dot.right() == null) {
            json.writeNullField("right");
        } else {
            json.writeBooleanField("right", dot.right());
        }
        json.writeEndObject();
    }

    private static void texts(JsonGenerator json, String name, List<String> texts) throws IOException {
        json.writeFieldName(name);
        json.writeArray(texts.toArray(String[]::new), 0, texts.size());
    }

    private static void textOrNull(JsonGenerator json, String name, String text) throws IOException {
        json.writeStringField(name, text.isEmpty() ? null : text);
    }
}
