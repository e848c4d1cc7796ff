"""The part of the route table that is about accounts.

| method and path (after /api/staff)        | body, answer                                | who                |
| ------------------------------------------ | ------------------------------------------- | ------------------ |
| GET  /state                                | -> StateAnswer                              | anybody            |
| POST /setup                                | SetupRequest -> SignInAnswer                | set-up token       |
| POST /sign-in                              | SignInRequest -> SignInAnswer               | anybody            |
| POST /sign-in/code                         | CodeRequest (TOTP) -> SignInAnswer          | stage second_factor|
| POST /sign-in/recovery                     | CodeRequest -> SignInAnswer                 | stage second_factor|
| POST /sign-in/passkey/options              | Nothing -> PasskeyOptions                   | anybody; as second factor if that is the stage |
| POST /sign-in/passkey                      | PasskeyProof -> SignInAnswer                | the same           |
| POST /sign-on                              | Nothing -> SignOnAnswer                     | anybody            |
| GET  /sign-on/back?code&state              | -> 302 to /staff or /staff#problem=CODE     | the browser        |
| POST /invitation                           | InvitationRequest -> InvitationAnswer       | invitation token   |
| POST /invitation/accept                    | AcceptRequest -> SignInAnswer               | invitation token   |
| POST /sign-out                             | Nothing -> 204                              | anybody            |
| GET  /me                                   | -> MeAnswer                                 | signed in, enrol too |
| POST /confirm                              | ConfirmRequest -> 204                       | signed in, enrol too |
| POST /confirm/passkey/options, /confirm/passkey | Nothing -> PasskeyOptions; PasskeyProof -> 204 | signed in    |
| GET  /security                             | -> SecurityAnswer                           | signed in, enrol too |
| POST /security/password                    | PasswordRequest -> 204                      | signed in          |
| POST /security/totp                        | Nothing -> TotpAnswer                       | signed in, enrol too, confirmed |
| POST /security/totp/confirm                | CodeRequest -> FactorAnswer                 | the same           |
| POST /security/totp/remove                 | Nothing -> 204                              | confirmed          |
| POST /security/passkeys/options            | Nothing -> PasskeyOptions                   | signed in, enrol too, confirmed |
| POST /security/passkeys                    | NewPasskeyRequest -> FactorAnswer           | the same           |
| POST /security/passkeys/{passkey}/rename   | RenameRequest -> 204                        | signed in          |
| POST /security/passkeys/{passkey}/remove   | Nothing -> 204                              | confirmed          |
| POST /security/recovery-codes              | Nothing -> FactorAnswer (ten new ones)      | confirmed          |
| POST /security/sessions/{session}/end      | Nothing -> 204                              | signed in          |
| POST /security/sessions/end-others         | Nothing -> 204                              | signed in          |
| GET  /accounts?after&limit                 | -> AccountsAnswer                           | manage_accounts    |
| POST /accounts                             | NewAccountRequest -> 201 InvitedAnswer      | manage_accounts    |
| GET  /accounts/{account}                   | -> AccountAnswer                            | manage_accounts    |
| POST /accounts/{account}/change            | ChangeAccountRequest -> AccountAnswer       | manage_accounts, confirmed |
| POST /accounts/{account}/disable, /enable  | Nothing -> AccountAnswer                    | manage_accounts, confirmed |
| POST /accounts/{account}/invite            | Nothing -> InvitedAnswer (a new link)       | manage_accounts, confirmed |
| POST /accounts/{account}/reset-second-factor | Nothing -> AccountAnswer                  | manage_accounts, confirmed |
| POST /accounts/{account}/unlock            | Nothing -> AccountAnswer                    | manage_accounts    |
| POST /accounts/{account}/sign-out          | Nothing -> 204                              | manage_accounts    |
| GET  /keys                                 | -> KeysAnswer                               | manage_keys        |
| POST /keys                                 | NewKeyRequest -> 201 NewKeyAnswer           | manage_keys, confirmed |
| POST /keys/{key}/revoke                    | Nothing -> KeyAnswer                        | manage_keys        |
| POST /emergency                            | EmergencyRequest -> EmergencyAnswer         | break_glass        |
| POST /emergency/end                        | Nothing -> 204                              | break_glass        |
| GET  /emergencies?open                     | -> EmergenciesAnswer                        | close_alerts       |
| POST /emergencies/{emergency}/acknowledge  | Nothing -> EmergencyAnswer                  | close_alerts, not one's own |
| POST /api/accounts/sync                    | SyncRequest -> SyncAnswer                   | sync_accounts (key) |

Every POST takes JSON (`{}` where it says Nothing) from a page of this server. New refusals: `sign_in_failed` (401: login
or password or code is wrong, or the account is disabled: never which), `sign_in_locked` (429, with Retry-After: too many
wrong ones), `second_factor_needed` (401: stage second_factor), `enrol_needed` (403: stage enrol), `confirm_needed` (403:
`POST /confirm` first, then the same again), `setup_done`, `setup_token_wrong`, `invitation_invalid`, `weak_password`,
`login_taken`, `last_administrator`, `last_factor`, `code_wrong`, `challenge_invalid`, `passkey_refused`, `passkey_taken`,
`no_such_account`, `no_such_key`, `no_such_passkey`, `no_such_session`, `not_your_own`, `sign_on_failed`,
`sign_on_unknown`, `sign_on_off`, `account_disabled` (409, managing only), `too_many_passkeys`.
`confirmed` is a sign-in or a `POST /confirm` within the last ten minutes. Not here: what any route does.
"""
