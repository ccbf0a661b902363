package org.iocp4j.junit;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** What becomes of a user's test class: JUnit runs it inside of a test of ours. */
final class Outcome implements TestExecutionListener {
    final List<String> passed = new ArrayList<>();
    /** Why classes and tests were skipped or aborted. */
    final List<String> skipped = new ArrayList<>();
    final List<Throwable> failures = new ArrayList<>();

    private Outcome() {
    }

    static Outcome of(Class<?> testClass, Map<String, String> parameters) {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request().selectors(selectClass(testClass))
                .configurationParameters(parameters).build();
        Outcome outcome = new Outcome();
        LauncherFactory.create().execute(request, outcome);
        return outcome;
    }

    @Override
    public synchronized void executionSkipped(TestIdentifier test, String reason) {
        skipped.add(reason);
    }

    @Override
    public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
        switch (result.getStatus()) {
            case SUCCESSFUL -> {
                if (test.isTest()) {
                    passed.add(test.getDisplayName());
                }
            }
            case ABORTED -> skipped.add(result.getThrowable().orElseThrow().getMessage());
            case FAILED -> failures.add(result.getThrowable().orElseThrow());
        }
    }
}
