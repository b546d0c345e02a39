package org.clnorm.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.clnorm.plan.Task.Statistics;
import org.clnorm.tensor.DataType;
import org.junit.jupiter.api.Test;

/** A task without parameters does not see them, so that equal work is planned once. */
class TaskTest {
    private static final NormView WITH = new NormView(ViewsOfTests.instance(4, 3, 5, 1));
    private static final NormView WITHOUT = new NormView(ViewsOfTests.instance(4, 3, 5, 0));

    @Test
    void forward() {
        assertEquals(WITHOUT, Task.forward(WITH, Statistics.BATCH, false, false).view());
        assertEquals(WITH, Task.forward(WITH, Statistics.BATCH, true, false).view());
        assertEquals(WITH, Task.forward(WITH, Statistics.GIVEN, false, true).view());
        assertEquals(Task.forward(WITHOUT, Statistics.BATCH, false, false),
                Task.forward(WITH, Statistics.BATCH, false, false));
    }

    @Test
    void backward() {
        assertEquals(WITHOUT, Task.backward(WITH, Statistics.BATCH, false, true, false).view());
        assertEquals(WITH, Task.backward(WITH, Statistics.BATCH, true, true, false).view());
        assertEquals(WITH, Task.backward(WITH, Statistics.BATCH, false, false, true).view());
    }

    @Test
    void storageOfParametersIsOfNoAccountWhereThereAreNone() {
        assertEquals(DataType.F16,
                Task.forward(WITH, Statistics.BATCH, true, false).in(DataType.F16, DataType.F16).parameterStorage());
        assertEquals(Task.backward(WITH, Statistics.BATCH, false, true, false).in(DataType.F16, DataType.F32),
                Task.backward(WITH, Statistics.BATCH, false, true, false).in(DataType.F16, DataType.F16));
    }

    @Test
    void bytesAreThoseOfTheStorage() {
        Task task = Task.forward(WITH, Statistics.BATCH, true, true);
        assertEquals(2 * WITH.elements() * 4, task.bytes(2));
        assertEquals(2 * WITH.elements() * 2, task.in(DataType.BF16, DataType.F32).bytes(2));
    }
}
