package org.clnorm.soak;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.clnorm.conformance.Case;
import org.clnorm.conformance.CaseInWays;
import org.clnorm.conformance.Trainee;
import org.clnorm.conformance.Verdict;
import org.clnorm.conformance.Workload;
import org.clnorm.engine.opencl.Site;
import org.clnorm.state.StateDict;
import org.clnorm.tensor.Device;

/**
 * What jobs need, of one thread.
 *
 * @param cpu    the reference
 * @param slack  what the device's results may differ by besides, where it has no denormals
 * @param file   for states that are saved
 * @param tally  counts
 * @param tamper changes results before they are judged; nothing, but for the test that wrong ones are noticed
 */
record Place(Device cpu, double slack, Path file, Tally tally, UnaryOperator<StateDict> tamper) {
    /**
     * A random workload, of one seed, with values and in ways of another, judged; throws if anything is not as it
     * should be.
     */
    void runCase(Site site, long drawn, long seed) {
        Random random = new Random(seed);
        Workload workload = CaseInWays.workload(drawn, slack == 0, random.nextInt(1_000_000));
        try {
            Case what = Case.of(workload);
            StateDict results = new CaseInWays(what, new Attempts(site, file, tally, random), random).run();
            site.settle();
            List<Verdict> faults = CaseInWays.faults(what, tamper.apply(results), cpu, slack);
            if (!faults.isEmpty()) {
                throw new IllegalStateException(faults.get(0) + " and " + (faults.size() - 1) + " more");
            }
            if (site.isOwn() && site.openTensors().values().stream().anyMatch(count -> count > 0)) {
                throw new IllegalStateException("expected no open tensors, got " + site.openTensors());
            }
        } catch (Attempts.Lost lost) {
            throw lost;
        } catch (RuntimeException failed) {
            throw new IllegalStateException(workload + ": " + failed.getMessage(), failed);
        }
        tally.cases.increment();
        tally.passes.add(workload.steps() * (workload.backward() ? 2L : 1L));
    }

    /** A layer that lives long, as one seed decides, with values of another. */
    Trainee trainee(Site site, long drawn, long seed) {
        return new Trainee(drawn, seed, new Attempts(site, file, tally, new Random(seed)), cpu, slack);
    }

    /** Some of its steps. */
    void train(Trainee trainee, int steps) {
        for (int i = 0; i < steps; i++) {
            trainee.step();
            tally.steps.increment();
            tally.passes.add(2);
        }
    }
}
