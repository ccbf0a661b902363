/** What our HTML pages have in common. */
package org.iocp4j.html;
