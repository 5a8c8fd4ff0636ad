#pragma once

#include "config/config.h"
#include "core/clock.h"
#include "daemon/source/source_set.h"

namespace rastro {

// Adds the sources of the configuration that are no files: journals and syslog sockets.
// `clock` is borrowed.
void add_message_sources(const Config& config, SourceSet& sources, const Clock& clock);

// Whether lines of this entry are copied into the index: they cannot be read again, or the operator
// wants it.
bool copies_lines(const SourceSettings& source, const StoreSettings& store);

}  // namespace rastro
