package example.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The header field Date, made once a second. */
final class HttpDate {
    private static final DateTimeFormatter FORMAT =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT).withZone(ZoneOffset.UTC);

    private record Second(long epoch, byte[] field) {
    }

    /** Two threads may make the same one. */
    private static volatile Second latest = new Second(-1, new byte[0]);

    private HttpDate() {
    }

    /** The field with its line's end. Not to be changed. */
    static byte[] field() {
        long now = System.currentTimeMillis() / 1000;
        Second second = latest;
        if (second.epoch != now) {
            String date = FORMAT.format(Instant.ofEpochSecond(now));
            second = new Second(now, ("Date: " + date + "\r\n").getBytes(US_ASCII));
            latest = second;
        }
        return second.field;
    }
}
