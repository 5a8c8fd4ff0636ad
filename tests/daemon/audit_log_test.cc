#include "daemon/audit_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace rastro {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const KeyHasher kHasher({0x0123456789abcdefULL, 0xfedcba9876543210ULL});

ApiRequest question() {
  ApiRequest request;
  request.method = "GET";
  request.path = "/v1/journeys/6p2pahs00vytw";
  request.id = "6p2pahs00vytw";
  request.parameters = {{"recipient", "Juan@Example.org"}, {"since", "2h"}, {"outcome", "bounced"}};
  request.peer.uid = 1001;
  request.peer.role = Role::support;
  return request;
}

json::object line_of(const ApiRequest& request, const KeyHasher& hasher = kHasher) {
  const AuditRecord record{Time(std::chrono::seconds(1'764'000'000)), request, "/v1/journeys/{id}",
                           200, 3};
  return json::parse(audit_line(record, hasher)).as_object();
}

TEST(AuditLine, SaysWhoAskedWhatWhenAndHowMuchCame) {
  const auto line = line_of(question());
  EXPECT_EQ(line.at("at"), "2025-11-24T16:00:00.000000Z");
  EXPECT_EQ(line.at("uid"), 1001);
  EXPECT_EQ(line.at("role"), "support");
  EXPECT_EQ(line.at("method"), "GET");
  EXPECT_EQ(line.at("route"), "/v1/journeys/{id}");
  EXPECT_EQ(line.at("status"), 200);
  EXPECT_EQ(line.at("rows"), 3);
}

TEST(AuditLine, NamesNobody) {
  const auto line = json::serialize(line_of(question()));
  for (const auto* word : {"juan", "Juan", "example.org", "Example", "6p2pahs00vytw"})
    EXPECT_EQ(line.find(word), std::string::npos) << line;
}

TEST(AuditLine, KeepsWhatNamesNobody) {
  const auto asked = line_of(question()).at("asked").as_object();
  EXPECT_EQ(asked.at("since"), "2h");
  EXPECT_EQ(asked.at("outcome"), "bounced");
}

TEST(AuditLine, TheSameAddressIsTheSameHashUnderOneKeyOnly) {
  auto other = question();
  other.parameters["recipient"] = "Juan@EXAMPLE.ORG";  // a domain has no case
  const auto hash_of = [](const json::object& line) {
    return std::string(line.at("asked").at("recipient").as_string());
  };
  EXPECT_EQ(hash_of(line_of(question())), hash_of(line_of(other)));
  EXPECT_TRUE(hash_of(line_of(other)).starts_with('#'));
  other.parameters["recipient"] = "juana@example.org";
  EXPECT_NE(hash_of(line_of(question())), hash_of(line_of(other)));
  EXPECT_NE(hash_of(line_of(question())), hash_of(line_of(question(), KeyHasher({1, 2}))));
}

TEST(AuditLine, IsOneLineWhateverWasAsked) {
  auto request = question();
  request.parameters = {{"outcome", "a\nb\"c"}, {"x\xff\n", "\x01"}};
  const AuditRecord record{Time{}, request, "/v1/journeys", 400, 0};
  const auto line = audit_line(record, kHasher);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(json::parse(line).at("asked").at("outcome"), "a\nb\"c");
}

class AuditFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string form = (fs::temp_directory_path() / "rastro_audit.XXXXXX").string();
    ASSERT_NE(mkdtemp(form.data()), nullptr);
    directory_ = form;
  }
  void TearDown() override { fs::remove_all(directory_); }
  std::string path() const { return (directory_ / "audit.log").string(); }
  std::size_t lines() const {
    std::ifstream file(path());
    std::size_t count = 0;
    for (std::string line; std::getline(file, line);)
      count += json::parse(line).is_object() ? 1 : 0;
    return count;
  }
  static void write(AuditLog& log) {
    const auto request = question();
    log.write({Time{}, request, "/v1/journeys", 200, 1});
  }
  fs::path directory_;
};

TEST_F(AuditFile, IsAppendedToAndForItsOwnerOnly) {
  for (int i = 0; i < 2; ++i) {
    const auto log = AuditLog::open(path(), kHasher);
    ASSERT_TRUE(log);
    write(**log);
  }
  EXPECT_EQ(lines(), 2U);
  struct stat found {};
  ASSERT_EQ(stat(path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST_F(AuditFile, ARotatedOneIsLeftAlone) {
  const auto log = AuditLog::open(path(), kHasher);
  ASSERT_TRUE(log);
  write(**log);
  fs::rename(path(), path() + ".1");
  write(**log);
  EXPECT_EQ(lines(), 1U);
}

TEST_F(AuditFile, ALinkIsNotFollowed) {
  std::ofstream(directory_ / "other");
  fs::create_symlink(directory_ / "other", path());
  EXPECT_FALSE(AuditLog::open(path(), kHasher));
  const auto missing = AuditLog::open((directory_ / "no" / "where").string(), kHasher);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Error::Code::io);
  EXPECT_NE(missing.error().message.find("api.audit_file: open "), std::string::npos);
}

}  // namespace
}  // namespace rastro
