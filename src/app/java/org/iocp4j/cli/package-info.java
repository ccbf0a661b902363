/** The commands: option parsing, output and exit codes. What they do lies in the packages below. */
package org.iocp4j.cli;
