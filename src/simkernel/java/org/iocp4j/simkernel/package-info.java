/**
 * A Windows kernel in memory, for any OS: the calls of {@link org.iocp4j.win32.Win32}, by Windows' documented rules, on
 * an in-memory network, under a schedule that a seed decides. Same seed, same run, byte for byte.
 *
 * <p>Comments say how a rule is known: [doc] Microsoft's documentation, [wt] Wine's conformance tests, which assert
 * Windows' behaviour, [rep] reported by practitioners, [inf] our reasoning where nothing is documented. Where they
 * disagree, the seed decides which is right ({@link org.iocp4j.simkernel.FaultPlan.Variants}).
 *
 * <p>Beside it stands a kernel that costs next to nothing, for measurements: {@link org.iocp4j.simkernel.NullWin32}.
 */
@NullMarked
package org.iocp4j.simkernel;

import org.jspecify.annotations.NullMarked;
