#pragma once

#include <string>
#include <vector>

#include "daemon/scan.h"

namespace rastro {

// What rastrod was called to do.
struct CommandLine {
  enum class Task : std::uint8_t {
    serve,
    check_config,
    scan,
    db_dump,
    db_verify,
    doctor,
    privacy_verify,
    end,  // everything is said: help, version, a mistake
  };
  Task task = Task::serve;
  int exit_code = 0;  // of Task::end: 0, or 2 for a mistake
  std::string config_path = "/etc/rastro/rastro.yaml";
  ScanRequest scan;
  std::vector<std::string> index_files;  // of db
  bool with_logs = false;                // of db verify
};

// Prints help and mistakes itself.
CommandLine parse_command_line(int argc, char** argv);

}  // namespace rastro
