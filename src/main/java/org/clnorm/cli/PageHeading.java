package org.clnorm.cli;

/**
 * What was measured, where, when and how.
 *
 * @param device  the device's name
 * @param driver  its platform and driver
 * @param date    date and time, with the zone
 * @param version the program's version
 * @param command a line for a shell that repeats the run
 * @param runs    how often each pass was timed
 * @param warning why the times are not to be trusted, empty if nothing speaks against them
 */
record PageHeading(String device, String driver, String date, String version, String command, int runs,
        String warning) {
}
