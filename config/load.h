#pragma once

#include <string>
#include <string_view>

#include "config/config.h"
#include "core/result.h"

namespace rastro {

// Reads settings; what the text does not name has its default, so an empty text is all defaults.
// Error::invalid lists every mistake, each on a line of its own as "file:line:column: message".
// `file_name` is for those messages only.
Result<Config> parse_config(std::string_view text, std::string_view file_name);

// The same from a file of at most 1 MiB. Error::io or Error::not_found: it could not be read.
Result<Config> load_config(const std::string& path);

// load_config() for `--check-config`: what keeps rastrod from starting on this machine is a mistake
// too (config/machine.h).
Result<Config> check_config(const std::string& path);

}  // namespace rastro
