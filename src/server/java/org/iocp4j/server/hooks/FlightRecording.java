package org.iocp4j.server.hooks;

import jdk.jfr.FlightRecorder;

/** Whether anybody records with Java Flight Recorder. Until then no class of an event is loaded. */
public final class FlightRecording {
    /** A runtime image may lack the module, where the program is on the class path. */
    public static final boolean IS_THERE = ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private FlightRecording() {
    }

    /** Whether there has been a recording in this JVM. Costs the look at a flag. */
    public static boolean isOn() {
        return IS_THERE && FlightRecorder.isInitialized();
    }
}
