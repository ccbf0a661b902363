/**
 * The system, as the rest of iocp4j sees it. {@link org.iocp4j.win32.Win32} is the interface: the calls of Windows that
 * are made, with errors as return values. {@link org.iocp4j.win32.WindowsWin32} makes them, through
 * {@code java.lang.foreign} alone, and is where to begin: {@link org.iocp4j.win32.WindowsWin32#attach} gives a thread
 * its view of the system, or says why there is none. The rest is for messages: {@link org.iocp4j.win32.ErrorName} and
 * {@link org.iocp4j.win32.Win32Exception} name a call's failure as Windows' headers do.
 *
 * <p>Every class but {@code WindowsWin32} can be used on every operating system.
 *
 * <p>Facts about Windows carry their source: [doc] is Microsoft's documentation, [wine] was measured under Wine, [wt]
 * is asserted by Wine's own tests, which its authors run on Windows, [rep] was reported by practitioners, and [inf]
 * is inferred from these.
 */
@NullMarked
package org.iocp4j.win32;

import org.jspecify.annotations.NullMarked;
