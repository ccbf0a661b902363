/**
 * What jextract made of the headers in {@code native-headers}: layouts and constants ({@code WinTypes}, one class for
 * each structure and function pointer), which load on every operating system, and functions ({@code WinFunctions}),
 * which need Windows. Written by {@code jextract.sh}: do not edit. Only {@code org.iocp4j.win32} may use it.
 *
 * <p>SHA-256 of the headers: {@code 5e11871ed4a8746ef22e507808a5ca53a0ed279544964b0f20b8dd0048ba693d}
 */
package org.iocp4j.win32.generated;
