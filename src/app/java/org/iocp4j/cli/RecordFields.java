package org.iocp4j.cli;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Records as flat fields, which bear their components' names: a record in a record adds its own among the outer one's.
 */
final class RecordFields {
    private RecordFields() {
    }

    /** In the components' order. */
    static Map<String, Object> of(Record record) {
        Map<String, Object> fields = new LinkedHashMap<>();
        try {
            for (RecordComponent component : record.getClass().getRecordComponents()) {
                Object value = component.getAccessor().invoke(record);
                if (value instanceof Record inner) {
                    fields.putAll(of(inner));
                } else {
                    fields.put(component.getName(), value);
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
        return fields;
    }

    /**
     * The other way round. A figure that is absent is null.
     *
     * @throws IllegalArgumentException if one is absent that cannot be null
     */
    static <R extends Record> R read(Class<R> type, Map<String, ?> fields) {
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        Object[] values = Arrays.stream(components).map(component -> value(component, fields)).toArray();
        try {
            Constructor<R> constructor = type.getDeclaredConstructor(types);
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    private static Object value(RecordComponent component, Map<String, ?> fields) {
        Class<?> type = component.getType();
        if (type.isRecord()) {
            return read(type.asSubclass(Record.class), fields);
        }
        Object value = fields.get(component.getName());
        if (value == null && type.isPrimitive()) {
            throw new IllegalArgumentException("no " + component.getName());
        }
        if (!(value instanceof Number number)) {
            return value;
        }
        if (type == int.class) {
            return number.intValue();
        }
        return type == long.class || type == Long.class ? (Object) number.longValue() : (Object) number.doubleValue();
    }
}
