/**
 * What jextract made of the headers in {@code native-headers}: layouts and constants ({@code WinTypes}, one class for
 * each structure and function pointer), which load on every operating system, and functions ({@code WinFunctions}),
 * which need Windows. Written by {@code jextract.sh}: do not edit. Only {@code org.iocp4j.win32} may use it.
 *
 * <p>SHA-256 of the headers: {@code 23cf3d61ad25ac996122af78fa77c62f7d2fefe8ae59fe1f454d9b306a418cc0}
 */
package org.iocp4j.win32.generated;
