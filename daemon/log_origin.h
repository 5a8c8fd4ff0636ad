#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "daemon/line_pipeline.h"
#include "daemon/source/source.h"

namespace rastro {

// How the lines of a content generation are read, from its entry in the configuration.
std::unique_ptr<LineOrigin> make_line_origin(const Generation& generation,
                                             const SourceSettings& settings,
                                             std::optional<int> year);

// Whether a log that begins with `text` has its newest line on top. A log's own order is never so,
// however late some of its lines come.
bool is_newest_first(std::string_view text, LineOrigin& origin);

// By its name: Exim's own ("rejectlog"), cPanel's ("exim_rejectlog"), Red Hat's ("reject.log").
bool is_exim_reject_log(std::string_view path);

// This machine's name, for logs that name no host.
std::string machine_host_name();

}  // namespace rastro
