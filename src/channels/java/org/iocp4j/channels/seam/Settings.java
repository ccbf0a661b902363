package org.iocp4j.channels.seam;

/**
 * The settings of a provider.
 *
 * @param accepts     how many connections a listening channel has in advance: accepts that are pending, and what was
 *                    accepted and nobody has asked for yet
 * @param reuse       whether a clean accepted socket is disconnected and used again
 * @param bufferBytes what a receive asks for, and a buffer of a write holds
 * @param mostBuffers the most buffers of all channels together
 */
public record Settings(int accepts, boolean reuse, int bufferBytes, int mostBuffers) {
    /** What {@link #accepts} is named as a property. */
    public static final String ACCEPTS = "iocp4j.accepts";
    /** What {@link #reuse} is named as a property. */
    public static final String REUSE = "iocp4j.reuse";
    private static final int DEFAULT_ACCEPTS = 50;
    private static final int MOST_ACCEPTS = 10_000;
    /** A TLS record fits but for its header, and a user's longer buffer is filled by more. */
    private static final int BUFFER_BYTES = 16 * 1024;
    /** 1 GiB of addresses. */
    private static final int MOST_BUFFERS = 1 << 16;

    /**
     * As the properties say.
     *
     * @throws IllegalArgumentException if one has a bad value
     */
    public static Settings ofProperties() {
        return new Settings(acceptsOfProperty(), Boolean.getBoolean(REUSE), BUFFER_BYTES, MOST_BUFFERS);
    }

    private static int acceptsOfProperty() {
        String value = System.getProperty(ACCEPTS);
        try {
            int number = value == null ? DEFAULT_ACCEPTS : Integer.parseInt(value);
            if (number >= 1 && number <= MOST_ACCEPTS) {
                return number;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException(ACCEPTS + " is " + value + "; it can be 1 to " + MOST_ACCEPTS);
    }
}
