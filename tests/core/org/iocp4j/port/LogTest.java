package org.iocp4j.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

/** The logger, its arguments and what it prints are other people's code. */
class LogTest {
    private static Log throwing() {
        return new Log((Logger) Proxy.newProxyInstance(LogTest.class.getClassLoader(), new Class<?>[] {Logger.class},
                (proxy, method, arguments) -> {
                    throw new OutOfMemoryError("provoked in " + method.getName());
                }));
    }

    @Test
    void aLoggerThatThrowsIsCountedAndGoesNoFurther() {
        Log log = throwing();
        long before = Log.failures();
        assertThatCode(() -> {
            log.debug("a {}", 1);
            log.warn("c {} {}", 2, 3);
            log.error("d");
            log.thrown(new IllegalStateException("x"), "e {}", 4);
        }).doesNotThrowAnyException();
        assertThat(Log.failures() - before).isEqualTo(4);
    }

    @Test
    void anArgumentThatThrowsHarmsNobody() {
        Object hostile = new Object() {
            @Override
            public String toString() {
                throw new StackOverflowError("provoked");
            }
        };
        assertThatCode(() -> Log.of(LogTest.class).error("of {}", hostile)).doesNotThrowAnyException();
    }
}
