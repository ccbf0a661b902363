package org.iocp4j.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * One JSON object on one line, built field by field, in order; null where the platform gives no figure. Objects may lie
 * one in another ({@link #open}). {@link #end} gives the text, without the line's end.
 */
public final class JsonLine {
    private static final JsonFactory FACTORY = new JsonFactory();
    private static final int DECIMALS = 3;

    private final StringWriter text = new StringWriter();
    private final JsonGenerator json;

    public JsonLine() {
        try {
            json = FACTORY.createGenerator(text);
            json.writeStartObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Adds a field; a Double with at most three decimals, null and what is not finite as null. */
    public JsonLine put(String name, Object value) {
        try {
            json.writeFieldName(name);
            switch (value) {
                case null -> json.writeNull();
                case Boolean flag -> json.writeBoolean(flag);
                case Integer number -> json.writeNumber(number);
                case Long number -> json.writeNumber(number);
                case Double number when !Double.isFinite(number) -> json.writeNull();
                case Double number -> json.writeNumber(plain(number));
                default -> json.writeString(value.toString());
            }
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts an object as the value of a field. */
    public JsonLine open(String name) {
        try {
            json.writeObjectFieldStart(name);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ends the object that {@link #open} started. */
    public JsonLine close() {
        try {
            json.writeEndObject();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Without an exponent, which not every reader of such lines (awk, a shell) takes. */
    private static String plain(double number) {
        return BigDecimal.valueOf(number).setScale(DECIMALS, RoundingMode.HALF_UP).stripTrailingZeros()
                .toPlainString();
    }

    /** Ends whatever is open and gives the line. */
    public String end() {
        try {
            // Closing the generator closes what is open.
            json.close();
            return text.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
