package org.clnorm.engine.opencl;

/** Copies between borrowed memory that kernels cannot take as it lies and dense memory of the pool. Thread-safe. */
final class StridedMoves {
    private final PlanCache plans;
    private final Launcher launcher;
    /** Filled by one thread at a time. */
    private final Arguments arguments = new Arguments();

    StridedMoves(PlanCache plans, Launcher launcher) {
        this.plans = plans;
        this.launcher = launcher;
    }

    /** What the plan of a copy is found by. */
    StridedCopy copy(Layout layout, boolean scatter) {
        return new StridedCopy(layout, scatter, plans.traits());
    }

    /** Compiles what is not; to be used within the same {@link ClSession#use}. */
    PreparedPlan prepared(StridedCopy copy) {
        return plans.prepared(copy, copy.plan());
    }

    /** Makes room for plans to come; not within a use. */
    void makeRoom() {
        plans.makeRoom();
    }

    /** Enqueues a copy from borrowed to dense memory. */
    void gather(PreparedPlan plan, BorrowedStorage from, BufferPool.Block to) {
        launch(plan, from.whole(), to, from.layout().first());
    }

    /** Enqueues a copy from dense to borrowed memory. */
    void scatter(PreparedPlan plan, BufferPool.Block from, BorrowedStorage to) {
        launch(plan, from, to.whole(), to.layout().first());
    }

    private void launch(PreparedPlan plan, BufferPool.Block from, BufferPool.Block to, long offset) {
        synchronized (arguments) {
            arguments.clear(0);
            arguments.set(Arguments.Buffer.X, from);
            arguments.set(Arguments.Buffer.Y, to);
            arguments.setOffset(offset);
            launcher.launch(plan, arguments);
        }
    }
}
