package org.iocp4j.simkernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.iocp4j.simkernel.WindowsFact.Claim;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * The simulated kernel does what Windows is known to do. On the calm plan that is what each fact's first source says;
 * where sources disagree, the unruly plan's seeds show what each of them says, and nothing else.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the same computation in every JVM: the host's runs it")
class WindowsFactsTest {
    private static final int CALM_SEEDS = 3;
    private static final int UNRULY_SEEDS = 15;
    /** So that each of three outcomes comes up. */
    private static final int DISPUTED_SEEDS = 60;
    /** How long a disconnect takes is a matter of its own. */
    private static final FaultPlan UNRULY = FaultPlan.UNRULY.with(FaultPlan.Disconnects.AT_ONCE);

    private static Stream<WindowsFact> facts() {
        return Stream.of(AcceptFacts.all(), ConnectFacts.all(), TransferFacts.all(), EndFacts.all(), PortFacts.all(),
                AddressFacts.all(), FileFacts.all()).flatMap(List::stream);
    }

    @TestFactory
    Stream<DynamicTest> theSimulatedKernelDoesWhatWindowsDoes() {
        return facts().map(fact -> dynamicTest(fact.toString(), () -> check(fact)));
    }

    @Test
    void eachFactIsThereOnce() {
        assertThat(facts().map(WindowsFact::text)).doesNotHaveDuplicates();
    }

    private static void check(WindowsFact fact) {
        List<Object> outcomes = fact.claims().stream().map(Claim::outcome).toList();
        for (long seed = 1; seed <= CALM_SEEDS; seed++) {
            Object outcome = see(fact, seed, FaultPlan.CALM);
            assertThat(outcome).as("%s: calm, seed %d", fact, seed).isEqualTo(outcomes.getFirst());
        }
        Set<Object> seen = new HashSet<>();
        for (long seed = 1; seed <= (outcomes.size() > 1 ? DISPUTED_SEEDS : UNRULY_SEEDS); seed++) {
            Object outcome = see(fact, seed, UNRULY);
            assertThat(outcome).as("%s: unruly, seed %d", fact, seed).isIn(outcomes);
            seen.add(outcome);
        }
        assertThat(seen).as("%s: what some seed shows", fact).containsAll(outcomes);
    }

    private static Object see(WindowsFact fact, long seed, FaultPlan plan) {
        SimulatedKernel kernel = new SimulatedKernel(seed, plan);
        Object[] outcome = new Object[1];
        kernel.run(() -> outcome[0] = fact.program().see(new FactScene(new Program(kernel), kernel)));
        return outcome[0];
    }
}
