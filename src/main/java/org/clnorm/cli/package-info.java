/** The command line, {@code clnorm}: one class a command. */
package org.clnorm.cli;
