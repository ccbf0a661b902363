package org.iocp4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class DurationConverterTest {
    private final DurationConverter converter = new DurationConverter();

    @ParameterizedTest
    @CsvSource({"0s,0,0s", "200ms,200,200ms", "5s,5000,5s", "2m,120000,2m", "1500ms,1500,1500ms", "60000ms,60000,1m"})
    void takesMsSAndM(String text, long millis, String formatted) {
        assertThat(converter.convert(text)).hasMillis(millis);
        assertThat(DurationConverter.format(millis)).isEqualTo(formatted);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "ms", "-5s", "5 s", "1.5s", "5S", "5h", "9999999999s", "\u0665s", "5s\n"})
    void refusesAnythingElse(String text) {
        assertThatExceptionOfType(TypeConversionException.class).isThrownBy(() -> converter.convert(text));
    }
}
