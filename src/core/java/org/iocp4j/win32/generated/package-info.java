/**
 * What jextract made of the headers in {@code native-headers}: layouts and constants ({@code WinTypes}, one class for
 * each structure and function pointer), which load on every operating system, and functions ({@code WinFunctions}),
 * which need Windows and which only {@code org.iocp4j.win32} calls. Written by {@code jextract.sh}: do not edit. Not
 * part of the API: exported to our own modules alone.
 *
 * <p>SHA-256 of the headers: {@code a787aab12fff6eff5dd2e3776053c680c88d3b6fa1dde88b009bc91845528e87}
 */
package org.iocp4j.win32.generated;
