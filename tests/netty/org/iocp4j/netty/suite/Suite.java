package org.iocp4j.netty.suite;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.iocp4j.NeedsCompletionPorts;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** A class of Netty's testsuite, run with the {@link Combination} of this JVM. */
@NeedsCompletionPorts
@ExtendWith({NioFailures.class, BlackHole.class, WarmUp.class})
@Tag("netty-testsuite")
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@interface Suite {
}
