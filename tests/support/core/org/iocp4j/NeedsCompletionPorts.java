package org.iocp4j;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Runs in a Windows JVM only. Unlike {@link EnabledOnOs} it holds for the subclasses of a base class too. */
@Inherited
@EnabledOnOs(value = OS.WINDOWS, disabledReason = "needs Windows' completion ports")
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface NeedsCompletionPorts {
}
