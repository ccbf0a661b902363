/**
 * What jextract made of the headers in {@code native-headers}: layouts and constants ({@code WinTypes}, one class for
 * each structure and function pointer), which load on every operating system, and functions ({@code WinFunctions}),
 * which need Windows. Written by {@code jextract.sh}: do not edit. Only {@code org.iocp4j.win32} may use it.
 *
 * <p>SHA-256 of the headers: {@code 50a9311a39ee596406158b6be0e7b768174bda74170e33ba6ad2436714e8461a}
 */
package org.iocp4j.win32.generated;
