#include "daemon/audit_log.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>
#include <string_view>

#include "core/address.h"
#include "daemon/answer/journey_json.h"

namespace rastro {
namespace {

namespace json = boost::json;
constexpr std::uint8_t kAuditKind = 254;  // apart from every KeyKind

// Values that name nobody are written as they are.
bool names_nobody(std::string_view parameter) {
  static const std::set<std::string_view> kOpen = {
      "at",        "within", "since", "until", "outcome", "reason", "submission",
      "direction", "sort",   "tz",    "lang",  "limit",   "by",     "raw"};
  return kOpen.contains(parameter);
}

std::string hashed(std::string_view value, const KeyHasher& hasher) {
  char out[16];
  std::snprintf(out, sizeof out, "#%08x", hasher(kAuditKind, fold_address(value)));
  return out;
}

int open_file(const std::string& path) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

class JournalAudit final : public AuditLog {
 public:
  explicit JournalAudit(const KeyHasher& hasher) : hasher_(hasher) {}
  void write(const AuditRecord& record) override {
    // Not by the logger: log.level must not silence it.
    const char* const level = getenv("JOURNAL_STREAM") != nullptr ? "<6>" : "";
    const auto line = level + ("audit " + audit_line(record, hasher_)) + "\n";
    static_cast<void>(!::write(STDERR_FILENO, line.data(), line.size()));
  }

 private:
  KeyHasher hasher_;
};

// Opened for each record: a renamed file is left alone, and nobody has to be told.
class FileAudit final : public AuditLog {
 public:
  FileAudit(std::string path, const KeyHasher& hasher) : path_(std::move(path)), hasher_(hasher) {}
  void write(const AuditRecord& record) override {
    const auto line = audit_line(record, hasher_) + "\n";
    const int file = open_file(path_);
    const bool written =
        file >= 0 && ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
    if (!written) spdlog::error("api.audit_file: write {}: {}", path_, std::strerror(errno));
    if (file >= 0) close(file);
  }

 private:
  std::string path_;
  KeyHasher hasher_;
};

}  // namespace

std::string audit_line(const AuditRecord& record, const KeyHasher& hasher) {
  const auto& request = record.request;
  json::object asked;
  for (const auto& [name, value] : request.parameters)
    asked[valid_utf8(name)] = names_nobody(name) ? valid_utf8(value) : hashed(value, hasher);
  if (!request.id.empty()) asked["id"] = hashed(request.id, hasher);
  return json::serialize(json::object{{"at", api_time(record.at)},
                                      {"uid", request.peer.uid},
                                      {"role", role_name(request.peer.role)},
                                      {"method", request.method},
                                      {"route", valid_utf8(record.route)},
                                      {"asked", std::move(asked)},
                                      {"status", record.status},
                                      {"rows", record.rows}});
}

Result<std::unique_ptr<AuditLog>> AuditLog::open(const std::string& path, const KeyHasher& hasher) {
  if (path.empty()) return std::unique_ptr<AuditLog>(new JournalAudit(hasher));
  const int file = open_file(path);
  if (file < 0)
    return make_error(Error::Code::io,
                      "api.audit_file: open " + path + ": " + std::strerror(errno));
  close(file);
  return std::unique_ptr<AuditLog>(new FileAudit(path, hasher));
}

}  // namespace rastro
