#pragma once

#include <vector>

#include "config/config.h"
#include "config/yaml_node.h"

namespace rastro {

// What keeps rastrod from starting with these settings on this machine, although they may be right
// on another one: users and groups that are not there, a file of rules that cannot be read. `root`:
// the text that `config` was read from, for the places.
void check_on_machine(const Config& config, const YamlNode& root,
                      std::vector<YamlProblem>& problems);

}  // namespace rastro
