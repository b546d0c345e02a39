/** What a device must be able to do to normalize, and the words in which it is asked. */
package org.clnorm.engine;
