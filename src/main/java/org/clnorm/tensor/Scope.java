package org.clnorm.tensor;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Closes every tensor that its thread makes on its device while it is the innermost open scope. Scopes nest; closing
 * one closes the scopes opened inside it first. Made by {@link Device#scope()}, closed by the thread that made it.
 */
public final class Scope implements AutoCloseable {
    private final Scope outer;
    private final ThreadLocal<Scope> current;
    private final Deque<Tensor> tensors = new ArrayDeque<>();
    private final Thread thread = Thread.currentThread();
    private int crowded = 64;
    private boolean closed;

    Scope(ThreadLocal<Scope> current) {
        this.current = current;
        this.outer = current.get();
        current.set(this);
    }

    void add(Tensor tensor) {
        if (tensors.size() >= crowded) {
            // a scope around a whole training loop must not collect what the loop closed itself
            tensors.removeIf(Tensor::isClosed);
            crowded = Math.max(64, 2 * tensors.size());
        }
        tensors.push(tensor);
    }

    /**
     * Takes a tensor out of this scope: it goes to the scope around this one, or to the caller if there is none.
     *
     * @param tensor a tensor made in this scope
     * @return the tensor
     * @throws IllegalArgumentException if the tensor does not belong to this scope
     */
    public Tensor keep(Tensor tensor) {
        if (!tensors.removeFirstOccurrence(tensor)) {
            throw new IllegalArgumentException("expected a tensor made in this scope, got " + tensor);
        }
        if (outer != null) {
            outer.add(tensor);
        }
        return tensor;
    }

    /**
     * Closes the tensors made in it, the youngest first.
     *
     * @throws IllegalStateException if another thread made the scope
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (thread != Thread.currentThread()) {
            throw new IllegalStateException("expected the scope to be closed by its thread " + thread.getName()
                    + ", got " + Thread.currentThread().getName());
        }
        while (current.get() != this) {
            current.get().close();
        }
        closed = true;
        if (outer == null) {
            current.remove();
        } else {
            current.set(outer);
        }
        List<Tensor> ending = List.copyOf(tensors); // the youngest first
        tensors.clear();
        Cleanup.all(ending, Tensor::close);
    }
}
