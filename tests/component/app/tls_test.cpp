#include "net/client/ws_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <catch2/catch.hpp>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

namespace {

using namespace troupe;
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

template <class Write>
std::string pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> out{BIO_new(BIO_s_mem()), BIO_free};
  write(out.get());
  char* text = nullptr;
  const auto size = BIO_ctrl(out.get(), BIO_CTRL_INFO, 0, &text);
  return {text, static_cast<std::size_t>(size)};
}

/// A key and a certificate for "localhost" that vouches for itself.
struct identity {
  std::string key;
  std::string certificate;

  identity() {
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pair{
        EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"), EVP_PKEY_free};
    const std::unique_ptr<X509, decltype(&X509_free)> made{X509_new(), X509_free};
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), pair.get());
    const unsigned char name[] = "localhost";
    auto* const subject = X509_get_subject_name(made.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, name, -1, -1, 0);
    X509_set_issuer_name(made.get(), subject);
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> names{
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost"),
        X509_EXTENSION_free};
    X509_add_ext(made.get(), names.get(), -1);
    X509_sign(made.get(), pair.get(), EVP_sha256());
    key = pem([&](BIO* out) {
      PEM_write_bio_PrivateKey(out, pair.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    certificate = pem([&](BIO* out) { PEM_write_bio_X509(out, made.get()); });
  }
};

/// Takes one TLS connection and, when it gets that far, answers one WebSocket message with itself.
class tls_server {
public:
  explicit tls_server(const identity& self)
      : acceptor_(context_, {asio::ip::address_v4::loopback(), 0}),
        port(acceptor_.local_endpoint().port()), thread_([this, self] { serve(self); }) {}
  ~tls_server() { thread_.join(); }
  tls_server(const tls_server&) = delete;
  tls_server& operator=(const tls_server&) = delete;

private:
  void serve(const identity& self) {
    asio::ssl::context tls{asio::ssl::context::tls_server};
    tls.use_certificate(asio::buffer(self.certificate), asio::ssl::context::pem);
    tls.use_private_key(asio::buffer(self.key), asio::ssl::context::pem);
    try {
      beast::websocket::stream<asio::ssl::stream<tcp::socket>> stream{acceptor_.accept(), tls};
      stream.next_layer().handshake(asio::ssl::stream_base::server);
      stream.accept();
      beast::flat_buffer message;
      stream.read(message);
      stream.text(true);
      stream.write(message.data());
      stream.read(message);
    } catch (const std::exception&) {
      // The client refused us, or is done.
    }
  }

  asio::io_context context_;
  tcp::acceptor acceptor_;

public:
  const std::uint16_t port;

private:
  std::thread thread_;
};

net::ws_url address(const char* host, const tls_server& server) {
  return {true, host, server.port, "/"};
}

} // namespace

TEST_CASE("WebSocket client: TLS with a trusted certificate carries messages") {
  const identity self;
  const auto file = std::filesystem::temp_directory_path() /
                    ("troupe-tls-test-" + std::to_string(::getpid()) + ".pem");
  std::ofstream{file} << self.certificate;
  net::ws_client_options options;
  options.certificates = file;
  {
    const tls_server server{self};
    auto opened = net::ws_client::open(address("localhost", server), options);
    REQUIRE(opened.has_value());
    auto& socket = *opened.assume_value();
    REQUIRE(socket.send("hello").has_value());
    const auto echo = socket.next(std::chrono::steady_clock::now() + 10s);
    REQUIRE(std::holds_alternative<net::ws_text>(echo));
    CHECK(std::get<net::ws_text>(echo).text == "hello");
    socket.close();
  }
  {
    const tls_server server{self};
    const auto other_name = net::ws_client::open(address("127.0.0.1", server), options);
    REQUIRE(other_name.has_error());
    CHECK(other_name.assume_error().code == errc::forbidden);
  }
  std::filesystem::remove(file);
}

TEST_CASE("WebSocket client: a certificate that nobody vouches for is refused") {
  const tls_server server{identity{}};

  const auto refused = net::ws_client::open(address("localhost", server), {});
  REQUIRE(refused.has_error());
  CHECK(refused.assume_error().code == errc::forbidden);
}
