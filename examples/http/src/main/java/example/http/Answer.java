package example.http;

/** What comes of a request. */
public sealed interface Answer permits Response, Upload {
}
