/**
 * What jextract made of the headers in {@code native-headers}: layouts and constants ({@code WinTypes}, one class for
 * each structure and function pointer), which load on every operating system, and functions ({@code WinFunctions}),
 * which need Windows and which only {@code org.iocp4j.win32} calls. Written by {@code jextract.sh}: do not edit. Not
 * part of the API: exported to our own modules alone.
 *
 * <p>SHA-256 of the headers: {@code bb78db02811f40dac096c0a9ef1c8cd12855dc684923c1086d18679b5af5959c}
 */
package org.iocp4j.win32.generated;
