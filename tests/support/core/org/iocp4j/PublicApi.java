package org.iocp4j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The public API of a module is what its golden list says (tests/resources/api), so that a review sees each change of
 * it. To write the lists anew: {@code ./mvnw test -Dtest=ApiTest -Dsurefire.failIfNoSpecifiedTests=false -Dwrite.api}.
 */
public final class PublicApi {
    private PublicApi() {
    }

    /** @param artifact on the test's class path */
    public static void isWhatTheGoldenListSays(String artifact) throws Exception {
        List<String> api = api(Path.of("target", artifact, "classes"));
        Path golden = Path.of("tests/resources/api", artifact + ".txt");
        if (System.getProperty("write.api") != null) {
            Files.write(golden, api);
        }
        assertThat(String.join("\n", api))
                .as("the public API, which %s lists; how to write it anew: see PublicApi", golden)
                .isEqualTo(String.join("\n", Files.readAllLines(golden)));
    }

    /** Every public type of the packages that are exported to all, each with its public and protected members. */
    private static List<String> api(Path classes) throws IOException, ClassNotFoundException {
        ModuleDescriptor module = ModuleFinder.of(classes).findAll().iterator().next().descriptor();
        List<String> api = new ArrayList<>();
        for (String exported : module.exports().stream().filter(export -> !export.isQualified())
                .map(ModuleDescriptor.Exports::source).sorted().toList()) {
            for (Class<?> type : types(classes.resolve(exported.replace('.', '/')), exported)) {
                api.add(type.toGenericString());
                Stream.of(type.getDeclaredFields(), type.getDeclaredConstructors(), type.getDeclaredMethods())
                        .flatMap(Stream::of).filter(PublicApi::isPublic).map(PublicApi::signature).sorted()
                        .forEach(api::add);
            }
        }
        return api;
    }

    private static List<Class<?>> types(Path folder, String name) throws IOException, ClassNotFoundException {
        List<Class<?>> types = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (String file : files.map(file -> file.getFileName().toString()).sorted().toList()) {
                if (file.endsWith(".class") && !file.equals("package-info.class")) {
                    Class<?> type = Class.forName(name + "." + file.replace(".class", ""), false,
                            PublicApi.class.getClassLoader());
                    boolean isVisible = true;
                    for (Class<?> outer = type; outer != null; outer = outer.getEnclosingClass()) {
                        isVisible &= isPublic(outer.getModifiers());
                    }
                    if (isVisible && !type.isAnonymousClass() && !type.isLocalClass()) {
                        types.add(type);
                    }
                }
            }
        }
        return types;
    }

    private static boolean isPublic(AccessibleObject member) {
        return isPublic(((Member) member).getModifiers()) && !((Member) member).isSynthetic();
    }

    private static boolean isPublic(int modifiers) {
        return (modifiers & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0;
    }

    private static String signature(AccessibleObject member) {
        return "    "
                + (member instanceof Field field ? field.toGenericString() : ((Executable) member).toGenericString())
                        .replace("synchronized ", ""); // callers need not know
    }
}
