package org.iocp4j.study;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;

/** For programs: one object per experiment, each on one line; {@code docs/study-json.md} says what is in it. */
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
        json.writeArrayFieldStart("pictures");
        for (Picture picture : finding.pictures()) {
            json.writeStartObject();
            json.writeStringField("title", picture.title());
            switch (picture) {
                case Timeline timeline -> timeline(json, timeline);
                case StateChart chart -> states(json, chart);
                case Spread spread -> spread(json, spread);
            }
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void timeline(JsonGenerator json, Timeline timeline) throws IOException {
        json.writeStringField("kind", "timeline");
        json.writeNumberField("events", timeline.events());
        json.writeArrayFieldStart("lanes");
        for (Timeline.Lane lane : timeline.lanes()) {
            json.writeStartObject();
            json.writeStringField("name", lane.name());
            json.writeArrayFieldStart("sessions");
            for (Timeline.Bar bar : lane.bars()) {
                session(json, bar);
            }
            json.writeEndArray();
            json.writeArrayFieldStart("packets");
            for (Timeline.Dot dot : lane.packets()) {
                packet(json, dot);
            }
            json.writeEndArray();
            json.writeArrayFieldStart("associations");
            for (Timeline.Association association : lane.associations()) {
                json.writeStartObject();
                json.writeNumberField("at", association.at());
                json.writeStringField("what", association.what());
                json.writeBooleanField("done", association.done());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void session(JsonGenerator json, Timeline.Bar bar) throws IOException {
        json.writeStartObject();
        json.writeNumberField("session", bar.session());
        json.writeNumberField("generation", bar.generation());
        json.writeNumberField("from", bar.from());
        json.writeNumberField("to", bar.to());
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

    private static void states(JsonGenerator json, StateChart chart) throws IOException {
        json.writeStringField("kind", "states");
        texts(json, "looks", chart.looks());
        json.writeArrayFieldStart("rows");
        for (StateChart.Row row : chart.rows()) {
            json.writeStartObject();
            json.writeStringField("name", row.name());
            json.writeStringField("detail", row.detail());
            texts(json, "server", row.server());
            texts(json, "client", row.client());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void spread(JsonGenerator json, Spread spread) throws IOException {
        json.writeStringField("kind", "spread");
        json.writeStringField("unit", spread.unit());
        if (spread.reference() == null) {
            json.writeNullField("reference");
        } else {
            json.writeNumberField("reference", spread.reference());
        }
        json.writeArrayFieldStart("rows");
        for (Spread.Row row : spread.rows()) {
            json.writeStartObject();
            json.writeStringField("name", row.name());
            json.writeStringField("detail", row.detail());
            json.writeFieldName("values");
            json.writeArray(row.sorted().stream().mapToDouble(value -> value).toArray(), 0, row.sorted().size());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void texts(JsonGenerator json, String name, List<String> texts) throws IOException {
        json.writeFieldName(name);
        json.writeArray(texts.toArray(String[]::new), 0, texts.size());
    }

    private static void textOrNull(JsonGenerator json, String name, String text) throws IOException {
        json.writeStringField(name, text.isEmpty() ? null : text);
    }
}
