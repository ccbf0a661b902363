package example.http;

import java.util.regex.Pattern;

/** The head of a request (RFC 9112, 3 and 5). */
public final class Request {
    /** A name or an address, with a port or without; or nothing. */
    private static final Pattern HOST =
            Pattern.compile("(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9._~%!$&'()*+,;=-]*)(:[0-9]*)?");
    private static final String LINE_END = "\r\n";
    private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~";
    private static final int MOST_LENGTH_DIGITS = 18;

    private final String head;
    private final String method;
    private final String target;
    private final boolean isHttp11;
    private final int fields;
    private boolean hasHost;
    private boolean close;
    private boolean keepAlive;
    private boolean expectsContinue;
    private boolean chunked;
    /** -1: there is no such field. */
    private long contentLength = -1;

    /** @param head its lines, without the empty one at the end */
    Request(String head) throws RequestException {
        this.head = head;
        int end = lineEnd(0);
        int first = head.indexOf(' ');
        int last = head.lastIndexOf(' ', end - 1);
        require(first > 0 && first < last && isToken(0, first));
        method = head.substring(0, first);
        target = head.substring(first + 1, last);
        require(target.chars().allMatch(c -> c > ' ' && c < 0x7f));
        isHttp11 = isHttp11(head.substring(last + 1, end));
        fields = end + LINE_END.length();
        readFields();
        require(hasHost || !isHttp11);
        require(!chunked || isHttp11 && contentLength < 0); // two lengths: whoever stands between may see another end
    }

    private static boolean isHttp11(String version) throws RequestException {
        require(version.matches("HTTP/[0-9]\\.[0-9]"));
        if (!version.startsWith("HTTP/1.")) {
            throw new RequestException(Status.VERSION_NOT_SUPPORTED);
        }
        return !version.endsWith("0");
    }

    private void readFields() throws RequestException {
        for (int at = fields; at < head.length(); ) {
            int end = lineEnd(at);
            int colon = head.indexOf(':', at);
            require(colon > at && colon < end && isToken(at, colon)); // so no line goes on in the next, nor has a blank
            readField(at, colon, head.substring(colon + 1, end));
            at = end + LINE_END.length();
        }
    }

    /** Only those that say how to go on; all others are the site's. */
    private void readField(int name, int nameEnd, String text) throws RequestException {
        for (int i = 0; i < text.length(); i++) {
            require(text.charAt(i) >= ' ' && text.charAt(i) != 0x7f || text.charAt(i) == '\t');
        }
        String value = text.strip(); // of blanks and tabs, now that nothing else is there to be stripped
        switch (nameEnd - name) {
            case 4 -> {
                if (isName(name, "Host")) {
                    require(!hasHost && HOST.matcher(value).matches());
                    hasHost = true;
                }
            }
            case 6 -> {
                if (isName(name, "Expect")) {
                    expectsContinue = expectsContinue(value);
                }
            }
            case 10 -> {
                if (isName(name, "Connection")) {
                    close |= hasToken(value, "close");
                    keepAlive |= hasToken(value, "keep-alive");
                }
            }
            case 14 -> {
                if (isName(name, "Content-Length")) {
                    require(contentLength < 0 && !value.isEmpty() && value.length() <= MOST_LENGTH_DIGITS
                            && value.chars().allMatch(c -> c >= '0' && c <= '9'));
                    contentLength = Long.parseLong(value);
                }
            }
            case 17 -> {
                if (isName(name, "Transfer-Encoding")) {
                    require(!chunked);
                    chunked = isChunked(value);
                }
            }
            default -> { }
        }
    }

    private static boolean expectsContinue(String value) throws RequestException {
        if (!value.equalsIgnoreCase("100-continue")) {
            throw new RequestException(Status.EXPECTATION_FAILED);
        }
        return true;
    }

    private static boolean isChunked(String value) throws RequestException {
        if (!value.equalsIgnoreCase("chunked")) {
            throw new RequestException(Status.NOT_IMPLEMENTED);
        }
        return true;
    }

    private static void require(boolean isSo) throws RequestException {
        if (!isSo) {
            throw new RequestException(Status.BAD_REQUEST);
        }
    }

    private int lineEnd(int from) {
        int end = head.indexOf(LINE_END, from);
        return end < 0 ? head.length() : end;
    }

    private boolean isName(int at, String name) {
        return head.regionMatches(true, at, name, 0, name.length());
    }

    private boolean isToken(int from, int to) {
        for (int i = from; i < to; i++) {
            char c = head.charAt(i);
            if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && TOKEN_MARKS.indexOf(c) < 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean hasToken(String list, String token) {
        for (String each : list.split(",")) {
            if (each.strip().equalsIgnoreCase(token)) {
                return true;
            }
        }
        return false;
    }

    /** Such as {@code GET}; of any letters. */
    public String method() {
        return method;
    }

    /** As the client has written it: escaped, and with its query. */
    public String target() {
        return target;
    }

    /** The target without scheme, host and query; still escaped. */
    public String path() {
        int query = target.indexOf('?');
        int end = query < 0 ? target.length() : query;
        int from = 0;
        if (target.regionMatches(true, 0, "http://", 0, 7) || target.regionMatches(true, 0, "https://", 0, 8)) {
            int slash = target.indexOf('/', target.indexOf("//") + 2);
            from = slash < 0 ? end : Math.min(slash, end); // a slash behind the end is the query's
        }
        String path = target.substring(from, end);
        return path.isEmpty() ? "/" : path;
    }

    /**
     * A header field.
     *
     * @return the first of that name; null if there is none
     */
    public String field(String name) {
        for (int at = fields; at < head.length(); at = lineEnd(at) + LINE_END.length()) {
            if (isName(at, name) && head.charAt(at + name.length()) == ':') {
                return head.substring(at + name.length() + 1, lineEnd(at)).strip();
            }
        }
        return null;
    }

    /** Of the body, in bytes; 0: there is no body; -1: it comes in chunks. */
    public long bodyBytes() {
        return chunked ? -1 : Math.max(0, contentLength);
    }

    /** Whether the client knows of chunks, and connections that stay. */
    boolean isHttp11() {
        return isHttp11;
    }

    /** Whether the client would send another request on this connection. */
    boolean isKeptAlive() {
        return !close && (isHttp11 || keepAlive);
    }

    /** Whether the client sends the body when it is told to. */
    boolean expectsContinue() {
        return expectsContinue && isHttp11;
    }
}
