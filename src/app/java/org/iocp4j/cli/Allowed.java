package org.iocp4j.cli;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The range of a number or duration option, both ends included. {@link OptionErrors} checks it before the command runs
 * and names it when a value is wrong. A duration's range is in milliseconds.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.FIELD)
@interface Allowed {
    long min();

    long max();
}
