/**
 * The command line, {@code clnorm}: one class a command. It comes as a jar of its own, which begins at
 * {@code org.clnorm.cli.Main}; programs need none of it.
 */
package org.clnorm.cli;
