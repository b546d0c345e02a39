package org.clnorm.example.train;

import java.util.Map;

/**
 * How this process was started, as Open MPI's and MPICH's {@code mpirun} tell by variables of the environment.
 *
 * @param size how many processes were started together
 * @param rank which of them this is
 */
record Launch(int size, int rank) {
    static Launch of(Map<String, String> environment) {
        if (environment.containsKey("OMPI_COMM_WORLD_SIZE")) {
            return new Launch(number(environment, "OMPI_COMM_WORLD_SIZE", 1),
                    number(environment, "OMPI_COMM_WORLD_RANK", 0));
        }
        return new Launch(number(environment, "PMI_SIZE", 1), number(environment, "PMI_RANK", 0));
    }

    private static int number(Map<String, String> environment, String name, int other) {
        String text = environment.getOrDefault(name, "");
        return text.matches("\\d{1,9}") ? Integer.parseInt(text) : other;
    }
}
