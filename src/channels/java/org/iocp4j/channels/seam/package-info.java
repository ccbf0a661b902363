/**
 * What a provider takes from outside: Windows, locks, threads and settings. Not exported: a simulation of the channels
 * puts its own in their place.
 */
@NullMarked
package org.iocp4j.channels.seam;

import org.jspecify.annotations.NullMarked;
