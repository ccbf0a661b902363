/**
 * What jextract made of the headers in {@code native-headers}: layouts and constants ({@code WinTypes}, one class for
 * each structure and function pointer), which load on every operating system, and functions ({@code WinFunctions}),
 * which need Windows. Written by {@code jextract.sh}: do not edit. Only {@code org.iocp4j.win32} may use it.
 *
 * <p>SHA-256 of the headers: {@code a442f8b4ace4697291e3a9caf1b8daa96be60eeed6cd689d062f4dd5a1d0c19c}
 */
package org.iocp4j.win32.generated;
