#pragma once

#include <string>

namespace CLI {
class App;
}

namespace rastro::cli {

// A script that completes commands, options, their values and recent ids, made from the command
// line itself. `shell` is bash, zsh or fish; "" for any other.
std::string completion_script(const CLI::App& app, const std::string& shell);

}  // namespace rastro::cli
