#pragma once

#include <memory>
#include <string>

#include "core/result.h"
#include "daemon/http/api_server.h"
#include "store/hash_key.h"

namespace rastro {

// Who asked for whose messages (DESIGN 10): a JSON object for each question, with every value of a
// person's only as a keyed hash, so that the log can prove a lookup without being one.
// Threads: any; one write(2) for each record, which the kernel keeps whole in an appended file.
class AuditLog {
 public:
  // `path` empty: the journal. Error::io: the file cannot be written.
  static Result<std::unique_ptr<AuditLog>> open(const std::string& path, const KeyHasher& hasher);
  virtual ~AuditLog() = default;
  virtual void write(const AuditRecord& record) = 0;
};

// The record without its line end.
std::string audit_line(const AuditRecord& record, const KeyHasher& hasher);

}  // namespace rastro
