#include "actors/gateway/control_ui/control_ui.hpp"

#include "actors/gateway/catalog.hpp"
#include "actors/gateway/control_ui/built_in_page.hpp"
#include "actors/gateway/control_ui/index_page.hpp"
#include "actors/gateway/control_ui/ui_files.hpp"
#include "actors/gateway/control_ui/ui_target.hpp"
#include "actors/gateway/json_writer.hpp"
#include "actors/gateway/probes.hpp"

#include <caf/actor_cast.hpp>
#include <caf/send.hpp>

#include <memory>
#include <utility>

namespace troupe::gateway::control_ui {
namespace {

/// To a `request`, from the thread that reads files.
struct file_is_read {
  std::shared_ptr<file_answer> answer;
};

} // namespace
} // namespace troupe::gateway::control_ui

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::gateway::control_ui::file_is_read)

namespace troupe::gateway::control_ui {
namespace {

net::http_response redirect(const std::string& to) {
  auto response = text_response(302, "Found");
  response.headers.emplace_back("Location", to);
  return response;
}

net::http_response config_response(const gateway_shared& shared) {
  const auto settings = shared.settings();
  auto response = json_response(200, page_config(*settings, shared.context().version));
  response.headers.emplace_back("Cache-Control", "no-cache");
  return response;
}

caf::behavior read_from_root(request_self self, const gateway_shared_ptr& shared,
                             std::shared_ptr<http_call> call, target wanted) {
  self->state.place.enter("reading a file");
  const bool posted = shared->context().pool->post(
      [headers = std::move(call->request.headers), wanted = std::move(wanted),
       settings = shared->settings(), room = shared->file_room(),
       owner = caf::actor_addr{self->address()}] {
        auto answer = std::make_shared<file_answer>(
            answer_from_root(headers, wanted, settings->gateway.control_ui, *room));
        if (const auto actor = caf::actor_cast<caf::actor>(owner))
          caf::anon_send(actor, file_is_read{std::move(answer)});
      });
  if (!posted) {
    call->responder.send(
        with_page_headers(busy_response(), shared->settings()->gateway.control_ui));
    return {};
  }
  self->state.call = std::move(call);
  return {
      // `alive`: nobody else holds this actor while it waits.
      [self, alive = caf::actor{self}](const file_is_read& read) {
        const auto& responder = self->state.call->responder;
        // What is watched with is let go when the body is written: so long it needs its room.
        responder.watch({.lost = [room = read.answer->room](net::answer_lost) {}, .room = {}});
        responder.send(std::move(read.answer->response));
        self->quit();
      },
      [self](const answer_is_lost&) { self->quit(); },
  };
}

} // namespace

std::string page_config(const config::settings& settings, std::string_view version) {
  const auto& ui = settings.gateway.control_ui;
  const auto& agents = settings.agents;
  const auto name = display_name(agents.find(agents.default_id));
  json_writer out;
  out.begin_object()
      .member("basePath", ui.base_path)
      .member("assistantName", name)
      .member("assistantAvatar", first_letter(name))
      .member_null("assistantAvatarSource")
      .member_null("assistantAvatarStatus")
      .member_null("assistantAvatarReason")
      .member("assistantAgentId", agents.default_id)
      .member("serverVersion", version)
      .member("embedSandbox", ui.embed_sandbox)
      .member("allowExternalEmbedUrls", ui.allow_external_embeds)
      .member("automaticallyFetchFavicons", ui.fetch_favicons);
  if (const auto environment = environment_json(ui); !environment.empty())
    out.member_raw("environment", environment);
  out.member("communityInvite", ui.community_invite)
      .member("terminalEnabled", false)
      .member("cliAgentsEnabled", false)
      .member("pluginAssetsRequireAuth", settings.gateway.auth.mode != config::auth_mode::none)
      .member_raw("pluginFrameGrants", "[]")
      .end_object();
  return out.take();
}

caf::behavior serve(request_self self, const gateway_shared_ptr& shared,
                    std::shared_ptr<http_call> call) {
  const auto settings = shared->settings();
  const auto& ui = settings->gateway.control_ui;
  auto wanted = target_of(call->request, ui);
  const auto answer = [&](net::http_response response) {
    call->responder.send(with_page_headers(std::move(response), ui));
  };
  switch (wanted.kind) {
  case target_kind::none: // The config has changed since the route was found.
    answer(text_response(404, "Not Found"));
    break;
  case target_kind::redirect:
    answer(redirect(wanted.path));
    break;
  case target_kind::config:
    answer(config_response(*shared));
    break;
  case target_kind::page:
  case target_kind::file:
    if (!ui.root.empty())
      return read_from_root(self, shared, std::move(call), std::move(wanted));
    call->responder.send(built_in_answer(call->request, wanted));
    break;
  }
  return {};
}

} // namespace troupe::gateway::control_ui
