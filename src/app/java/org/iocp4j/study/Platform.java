package org.iocp4j.study;

import org.iocp4j.win32.Win32;

/** Where an experiment ran, and so what its finding is worth. */
public enum Platform {
    WINDOWS("windows", "measured on Windows"),
    WINE("wine", "measured under Wine, whose rules are not all Windows'"),
    SIMULATED("simulated",
    "simulated from Windows' documentation: shows what the rules lead to, proves nothing of Windows");

    private final String text;
    private final String known;

    Platform(String text, String known) {
        this.text = text;
        this.known = known;
    }

    /** Of a real system. */
    static Platform of(Win32 win32) {
        return win32.wineVersion().isEmpty() ? WINDOWS : WINE;
    }

    /** How findings made here are known. */
    public String known() {
        return known;
    }

    @Override
    public String toString() {
        return text;
    }
}
