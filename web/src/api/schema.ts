// The HTTP API as types, made by `npm run openapi` from its OpenAPI document. Not to be edited.

export interface paths {
    "/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Agents of the app, ordered by name
         * @description The agents of the app by name, with what keeps a file from loading, and for those with a schedule when they run next and ran last.
         */
        get: operations["list-agents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{name}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run an agent
         * @description Runs an agent of the app, as `run-source` runs a script.
         */
        post: operations["run-agent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{name}/source": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Text of an agent
         * @description The text of a script as its file has it now: in JSON, or by itself if Accept asks for a text. Its ETag goes into If-Match of a write.
         */
        get: operations["get-agent-source"];
        /**
         * Replace the text of an agent, or make a new one
         * @description Replaces the text of a script, or makes a new one, and answers when it is in force. The body is JSON, or the text itself. A text that does not compile is refused, and with If-Match one that would replace another than the one named. Runs and calls that go on end with the text they began with.
         */
        put: operations["put-agent-source"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Versions of an agent, the newest version first
         * @description The texts of a script that were in force, the newest first: since when, and who brought each. A script that is gone may have versions.
         */
        get: operations["list-agent-versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{name}/versions/{n}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One version of an agent with its text
         * @description One version of a script with its text.
         */
        get: operations["get-agent-version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{name}/versions/{n}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Unified diff from one version of an agent to another
         * @description What changed from one version of a script to another, as a unified diff.
         */
        get: operations["diff-agent-versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/agents/{name}/versions/{n}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make an earlier text of an agent the present one
         * @description Makes the text of an earlier version the present one, as a new version. If it is in force already, nothing changes and that version is answered.
         */
        post: operations["restore-agent-version"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/bindings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Names scripts may use
         * @description Every name that scripts may use, with its signature in TypeScript and where it comes from.
         */
        get: operations["list-bindings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What is wrong with a script
         * @description Looks at a script without running it: what does not parse, and calls of functions that do not exist.
         */
        post: operations["check-source"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * API keys, the oldest first
         * @description The API keys, the oldest first. One that has expired is listed for thirty days more. The secrets are not kept, so nobody sees them.
         */
        get: operations["list-keys"];
        put?: never;
        /**
         * Make an API key
         * @description Makes an API key. Its token is in this answer and nowhere else.
         */
        post: operations["create-key"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Revoke an API key
         * @description Ends an API key for good: on this node at once, on the others within two seconds.
         */
        delete: operations["revoke-key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/libraries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Code libraries of the app, ordered by name
         * @description The code libraries of the app by name, with what keeps a file from loading.
         */
        get: operations["list-libraries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/libraries/{name}/source": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Text of a library
         * @description The text of a script as its file has it now: in JSON, or by itself if Accept asks for a text. Its ETag goes into If-Match of a write.
         */
        get: operations["get-library-source"];
        /**
         * Replace the text of a library, or make a new one
         * @description Replaces the text of a script, or makes a new one, and answers when it is in force. The body is JSON, or the text itself. A text that does not compile is refused, and with If-Match one that would replace another than the one named. Runs and calls that go on end with the text they began with.
         */
        put: operations["put-library-source"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/libraries/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Versions of a library, the newest version first
         * @description The texts of a script that were in force, the newest first: since when, and who brought each. A script that is gone may have versions.
         */
        get: operations["list-library-versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/libraries/{name}/versions/{n}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One version of a library with its text
         * @description One version of a script with its text.
         */
        get: operations["get-library-version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/libraries/{name}/versions/{n}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Unified diff from one version of a library to another
         * @description What changed from one version of a script to another, as a unified diff.
         */
        get: operations["diff-library-versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/libraries/{name}/versions/{n}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make an earlier text of a library the present one
         * @description Makes the text of an earlier version the present one, as a new version. If it is in force already, nothing changes and that version is answered.
         */
        post: operations["restore-library-version"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Log lines of scripts: the remembered ones, then new ones
         * @description Lines that scripts wrote, as an event stream: those remembered, then new ones until the client goes. Each event has an id; a client that comes back with it in `Last-Event-ID` goes on behind it.
         */
        get: operations["stream-logs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a message to several sockets
         * @description Puts a message into the queues of all sockets chosen by exactly one of `filter`, `keys` and `user_id`. An empty filter means every socket; detached ones are among those chosen, unless the filter names `$state`. A socket whose queue is full, or that is gone, is passed over and not counted.
         */
        post: operations["send-messages"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/messages/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send several messages
         * @description Several messages in one request, each addressed on its own. One that cannot be sent does not keep the others from it.
         */
        post: operations["send-batch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Nodes, ordered by name
         * @description The nodes of the cluster, by name.
         */
        get: operations["list-nodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/nodes/{name}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a node gently
         * @description Begins what SIGTERM begins: the node takes no new sockets and runs, closes its sockets with 1012 over a while, lets scripts finish, keeps the detached sockets for its next start, and ends. One that is stopping goes on with it.
         */
        post: operations["drain-node"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * This document
         * @description The description of this API. It is open to everybody.
         */
        get: operations["get-openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/refusals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Refused handshakes and logins, the newest first
         * @description Handshakes and logins that were refused lately, the newest first, and why.
         */
        get: operations["list-refusals"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Runs that go on and earlier ones, the newest first
         * @description Runs that go on, and those that ended, on all nodes, the newest first. The history goes back 30 days or 10,000 runs, also beyond restarts.
         */
        get: operations["list-runs"];
        put?: never;
        /**
         * Run a script
         * @description Runs a script once and answers when it has ended. A script that throws is an outcome with `ok` false, not an error of the request. With `Accept: text/event-stream` the lines come as they are logged. A client that goes away stops its run.
         */
        post: operations["run-source"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One run with its lines
         * @description One run with its lines so far; those of a run that goes on at another node come with its end. With `Accept: text/event-stream` new lines follow, and the outcome at the end.
         */
        get: operations["get-run"];
        put?: never;
        post?: never;
        /**
         * Stop a run
         * @description Stops a run at its next step.
         */
        delete: operations["stop-run"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Services of the app, ordered by name
         * @description The services of the app by name, with what keeps a file from loading.
         */
        get: operations["list-services"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{name}/source": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Text of a service
         * @description The text of a script as its file has it now: in JSON, or by itself if Accept asks for a text. Its ETag goes into If-Match of a write.
         */
        get: operations["get-service-source"];
        /**
         * Replace the text of a service, or make a new one
         * @description Replaces the text of a script, or makes a new one, and answers when it is in force. The body is JSON, or the text itself. A text that does not compile is refused, and with If-Match one that would replace another than the one named. Runs and calls that go on end with the text they began with.
         */
        put: operations["put-service-source"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{name}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Versions of a service, the newest version first
         * @description The texts of a script that were in force, the newest first: since when, and who brought each. A script that is gone may have versions.
         */
        get: operations["list-service-versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{name}/versions/{n}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One version of a service with its text
         * @description One version of a script with its text.
         */
        get: operations["get-service-version"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{name}/versions/{n}/diff": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Unified diff from one version of a service to another
         * @description What changed from one version of a script to another, as a unified diff.
         */
        get: operations["diff-service-versions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/services/{name}/versions/{n}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make an earlier text of a service the present one
         * @description Makes the text of an earlier version the present one, as a new version. If it is in force already, nothing changes and that version is answered.
         */
        post: operations["restore-service-version"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sessions of users that are logged in
         * @description Sessions that hold, in no particular order. The id is a hash: it does not let anybody in.
         */
        get: operations["list-sessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sessions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * End a session
         * @description Ends a session: sockets of all nodes that stand on it are closed with 4003.
         */
        delete: operations["end-session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sockets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sockets, ordered by key
         * @description A page of the open sockets that a filter chooses, ordered by key; of detached ones, too, if the filter names `$state`. `next` of an answer goes into `after` for the page that follows; sockets that come and go move no others from one page to the next.
         */
        get: operations["list-sockets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sockets/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One socket
         * @description What is known of one socket, open or detached.
         */
        get: operations["get-socket"];
        put?: never;
        post?: never;
        /**
         * End a socket at once
         * @description Ends the socket and what waits for it, and drops its connection without a close frame: the client sees 1006. A detached socket is ended, too, and cannot be resumed any more.
         */
        delete: operations["abort-socket"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sockets/{key}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a message to one socket
         * @description Puts a message into the queue of the socket. The answer says that it was queued, not that it was received; that of a detached socket waits for its client to come back. Where `queue.overflow` is `drop-oldest` or `conflate`, a full queue drops others for it, and `queue.dropped` of the socket counts those.
         */
        post: operations["send-message"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sockets/{key}/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /**
         * Set and remove tags
         * @description Sets the tags of the body and leaves the others as they are; `null` removes one.
         */
        patch: operations["patch-tags"];
        trace?: never;
    };
    "/sockets/{key}/trace": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Text frames of one socket, as they come and go
         * @description The text frames of one socket, both ways, as they come and go. The stream goes on while the socket is detached, and over takeovers.
         */
        get: operations["trace-socket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/sockets/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sockets that open, change and end, as they do
         * @description An event for each socket that opens, changes or ends and that the filter chooses, as it happens. To a filter without `$state` a socket that is detached ceases to match, and matches again when it is resumed.
         */
        get: operations["stream-socket-events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Counters, a point for each 10 s of the last hour
         * @description Counters of the last hour, a point for each ten seconds.
         */
        get: operations["get-stats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/tags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tags in use, ordered by name
         * @description Names of tags that sockets have, open and detached ones, with their values, by name.
         */
        get: operations["list-tags"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user-data": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Keys of user data, in their order
         * @description Keys of the stored values that begin with `prefix`, in their order.
         */
        get: operations["list-user-data"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/user-data/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One value
         * @description One value, as `tools_web.get_user_data` gives it to scripts.
         */
        get: operations["get-user-data"];
        /**
         * Store a value
         * @description Stores a value in the place of the one there is, as `tools_web.set_user_data` does.
         */
        put: operations["put-user-data"];
        post?: never;
        /**
         * Remove a value
         * @description Removes a value.
         */
        delete: operations["delete-user-data"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Users, ordered by login
         * @description Users who log in at this server, by login.
         */
        get: operations["list-users"];
        put?: never;
        /**
         * Add a user
         * @description Adds a user. Of the password a hash is kept (Argon2id).
         */
        post: operations["add-user"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove a user
         * @description Removes a user and ends all sessions of the user.
         */
        delete: operations["remove-user"];
        options?: never;
        head?: never;
        /**
         * Change a user
         * @description Changes what the body names and leaves the rest as it is. A new password, `disabled` and `log_out` end all sessions of the user: sockets of all nodes are closed with 4003.
         */
        patch: operations["change-user"];
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AgentRunRequest: {
            /** @description Answer at once and let the run go on by itself. Without it a client that goes away stops its run. */
            detach?: boolean;
            /** @description What the script finds in Param. */
            params?: {
                [key: string]: string;
            };
            /** @description Id of the user the agent runs as; the one its first comment names, or the administrator, without one. */
            user?: string;
        };
        Batch: {
            /** @description Sent in this order; each on its own, whatever becomes of the others. */
            messages: components["schemas"]["BatchMessage"][];
        };
        BatchMessage: {
            /** @description What the message is about. Where queue.overflow is conflate and a queue is full, those that wait there and have a later one with the same key behind them are dropped. */
            conflate_key?: string;
            /** @description A filter: text ($name, $name:value, $name:[a,b]) or a JSON object. An empty text means every socket. Detached sockets are meant, too, unless it names $state. */
            filter?: string | {
                [key: string]: unknown;
            };
            /** @description Whether the text is an item of a JSON array, as in the scripts' WriteToWebSocketMessageQueue. */
            json_compound?: boolean;
            /** @description Key of one socket. If it is gone or full, that is an error. */
            key?: string;
            /** @description Keys of sockets; those that are gone are passed over, those named twice get the message once. */
            keys?: string[] | null;
            /** @description The text to send. */
            message: string;
            /** @description Every socket of this user, detached ones included. */
            user_id?: string;
        };
        BatchResult: {
            /**
             * Format: int64
             * @description Sockets whose queue took the message.
             */
            addressed?: number;
            /** @description Why the message was not sent. */
            error?: components["schemas"]["Problem"];
            /** @description Nodes that did not answer. */
            missing?: string[] | null;
            /** @description How many of them each node holds; left out of a message for one key that another node holds. */
            nodes?: {
                [key: string]: number;
            };
            /**
             * Format: int64
             * @description Messages waiting in the queue, of a message for one key.
             */
            queue_depth?: number;
            /**
             * Format: int64
             * @description What the message alone would have been answered with: 202, or that of the error.
             */
            status: number;
        };
        BatchResults: {
            /** @description What became of each message, in their order. */
            results: components["schemas"]["BatchResult"][];
        };
        Binding: {
            /** @description What it does, in a sentence. */
            doc: string;
            /**
             * @description class: objects of the server; type: values of the language; hook: a function of a service that the server calls.
             * @enum {string}
             */
            kind: "function" | "namespace" | "value" | "class" | "type" | "hook";
            /** @description What it has, of namespaces and classes. */
            members?: components["schemas"]["Binding"][];
            /** @description As scripts write it. */
            name: string;
            /**
             * @description shared: in WebTutor and here; superset: here only; refused: in WebTutor, and a call fails here unless the app has a stand-in.
             * @enum {string}
             */
            origin: "shared" | "superset" | "refused";
            /** @description In TypeScript; empty where the members say it all. */
            signature: string;
            /** @description Datex.XHTTP version that brought it. */
            since?: string;
        };
        BindingList: {
            /** @description The page. */
            items: components["schemas"]["Binding"][];
            /** @description Nodes that did not answer. */
            missing: string[];
            /** @description What after must be for the page that follows; empty on the last one. */
            next: string;
        };
        CheckRequest: {
            /**
             * @description How the script is used; an agent without one.
             * @enum {string}
             */
            kind?: "agent" | "service" | "library" | "stub" | "test";
            /**
             * @description The mildest level to tell of; warning without one. portability: what works here and not in WebTutor.
             * @enum {string}
             */
            level?: "error" | "warning" | "portability";
            /** @description Path in the app folder, for messages and for addresses relative to it. */
            name?: string;
            /** @description The script. */
            source: string;
            /**
             * @description Datex.XHTTP version the script is for; the one the server behaves like without one.
             * @enum {string}
             */
            version?: "1.22" | "1.24" | "native";
        };
        CreatedKey: {
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /** @description Who made it: admin, with the admin token, or key:<id>, with that key. */
            created_by: string;
            /**
             * Format: date-time
             * @description When its time is over; absent: never.
             */
            expires_at?: string;
            /** @description Names the key. It stands in its token, and is no secret. */
            id: string;
            /**
             * Format: date-time
             * @description When it was used last, to ten minutes; absent: never.
             */
            last_used_at?: string;
            /** @description What it is for, as who made it said. */
            name: string;
            /** @description What it may do; admin includes the others. */
            scopes: ("read" | "send" | "run" | "admin")[];
            /** @description What a request carries: Authorization: Bearer <token>. It is told once. */
            token: string;
        };
        Delivery: {
            /**
             * Format: int64
             * @description Sockets whose queue took the message.
             */
            addressed: number;
            /** @description Nodes that did not answer: whether their sockets got the message is not known. */
            missing: string[];
            /** @description How many of them each node holds. */
            nodes: {
                [key: string]: number;
            };
        };
        Diagnostic: {
            /** @description The source line with a mark under the column. */
            caret?: string;
            /**
             * Format: int64
             * @description From 1, in characters.
             */
            column: number;
            /** @description Path in the app folder, or the name of the request. */
            file: string;
            /** @description syntax, unknown-name, unknown-function, unknown-member, text-expression, arguments, version, refused, portability, app. */
            kind: string;
            /**
             * @description error: fails when it is executed; warning: may well be a mistake; portability: works here and not in WebTutor.
             * @enum {string}
             */
            level: "error" | "warning" | "portability";
            /**
             * Format: int64
             * @description From 1.
             */
            line: number;
            /** @description What is wrong, for a person. */
            message: string;
        };
        Diagnostics: {
            /** @description What is wrong, in the order of the lines. */
            problems: components["schemas"]["Diagnostic"][];
        };
        Frame: {
            /**
             * Format: int64
             * @description Length of the whole text.
             */
            bytes: number;
            /** @description The text goes on. */
            cut?: boolean;
            /**
             * @description in: from the client; out: to it.
             * @enum {string}
             */
            dir: "in" | "out";
            /**
             * Format: int64
             * @description Frames lost before this one, because the reader was too slow; -1: nobody knows how many.
             */
            skipped?: number;
            /** @description At most the first 16 KiB. */
            text: string;
            /**
             * Format: date-time
             * @description When it happened.
             */
            time: string;
        };
        GroupMessage: {
            /** @description What the message is about. Where queue.overflow is conflate and a queue is full, those that wait there and have a later one with the same key behind them are dropped. */
            conflate_key?: string;
            /** @description A filter: text ($name, $name:value, $name:[a,b]) or a JSON object. An empty text means every socket. Detached sockets are meant, too, unless it names $state. */
            filter?: string | {
                [key: string]: unknown;
            };
            /** @description Whether the text is an item of a JSON array, as in the scripts' WriteToWebSocketMessageQueue. */
            json_compound?: boolean;
            /** @description Keys of sockets; those that are gone are passed over, those named twice get the message once. */
            keys?: string[] | null;
            /** @description The text to send. */
            message: string;
            /** @description Every socket of this user, detached ones included. */
            user_id?: string;
        };
        Key: {
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /** @description Who made it: admin, with the admin token, or key:<id>, with that key. */
            created_by: string;
            /**
             * Format: date-time
             * @description When its time is over; absent: never.
             */
            expires_at?: string;
            /** @description Names the key. It stands in its token, and is no secret. */
            id: string;
            /**
             * Format: date-time
             * @description When it was used last, to ten minutes; absent: never.
             */
            last_used_at?: string;
            /** @description What it is for, as who made it said. */
            name: string;
            /** @description What it may do; admin includes the others. */
            scopes: ("read" | "send" | "run" | "admin")[];
        };
        KeyList: {
            /** @description The page. */
            items: components["schemas"]["Key"][];
            /** @description Nodes that did not answer. */
            missing: string[];
            /** @description What after must be for the page that follows; empty on the last one. */
            next: string;
        };
        Line: {
            /** @description The agent that wrote it. */
            agent?: string;
            /** @description The text is that of a script error. */
            error?: boolean;
            /** @description The service that wrote it. */
            service?: string;
            /**
             * Format: int64
             * @description Lines dropped before this one because the reader was too slow.
             */
            skipped?: number;
            /** @description Key of the socket the script ran for. */
            socket?: string;
            /** @description The line, without time and thread. */
            text: string;
            /**
             * Format: int64
             * @description Number of the script thread.
             */
            thread: number;
            /**
             * Format: date-time
             * @description When it was written.
             */
            time: string;
            /** @description Id of the user the script ran as. */
            user?: string;
        };
        Message: {
            /** @description What the message is about. Where queue.overflow is conflate and a queue is full, those that wait there and have a later one with the same key behind them are dropped. */
            conflate_key?: string;
            /** @description Whether the text is an item of a JSON array, as in the scripts' WriteToWebSocketMessageQueue. */
            json_compound?: boolean;
            /** @description The text to send. */
            message: string;
        };
        /** @description One thing wrong in a request. */
        Mistake: {
            /** @description Where: query.limit, path.key, body.message, body.keys[3]. */
            location?: string;
            /** @description What is wrong there. */
            message?: string;
            /** @description The value, if it is short. */
            value?: unknown;
        };
        NewKey: {
            /** @description What the key is for, for people: visible characters and blanks. */
            name: string;
            /** @description What it may do; admin includes the others. */
            scopes: ("read" | "send" | "run" | "admin")[];
            /**
             * Format: int64
             * @description Seconds it lives; without it, it never expires.
             */
            ttl?: number;
        };
        NewSource: {
            /** @description Why it is changed, for the history. */
            note?: string;
            /** @description The text of the script. */
            source: string;
        };
        NewUser: {
            /** @description Whether the user is an administrator. */
            admin?: boolean;
            /** @description What scripts find in curUser besides: up to 64 texts of 1024 bytes. */
            fields?: {
                [key: string]: string;
            };
            /** @description A number, such as the id of the user in WebTutor; without one the server draws it. */
            id?: string;
            /** @description 1 to 64 letters and digits, and behind the first also . _ - @ +. */
            login: string;
            /** @description What others call the user; up to 200 characters. */
            name?: string;
            /** @description At least auth.accounts.min_password characters. */
            password: string;
        };
        Node: {
            /** @description The app folder; empty: the embedded sample app. */
            app: string;
            data: components["schemas"]["NodeData"];
            /** @description The version of Datex.XHTTP it behaves like. */
            datex_version: string;
            /** @description Name of the node. */
            name: string;
            /**
             * Format: int64
             * @description Agents and threads that run on it.
             */
            runs: number;
            /**
             * Format: int64
             * @description Open sockets it holds.
             */
            sockets: number;
            /**
             * Format: date-time
             * @description When it was started.
             */
            started_at: string;
            /**
             * @description draining: it is being stopped and takes no new sockets and runs.
             * @enum {string}
             */
            state: "ready" | "draining";
            /** @description Version of the program. */
            version: string;
        };
        NodeData: {
            /** @description The store can be reached. Without it the node serves the sockets it has. */
            connected: boolean;
            /** @description The data folder. */
            folder: string;
            /**
             * Format: int64
             * @description How many NATS servers have a write before it is confirmed; absent: the store is embedded.
             */
            replicas?: number;
            /** @description Addresses of the NATS servers, separated by commas; absent: the store is embedded. */
            servers?: string;
            /**
             * @description Where data are kept: embedded, in the process, or nats, in servers of their own.
             * @enum {string}
             */
            store: "embedded" | "nats";
            /** @description nats.sync in force: always, or how much of the last writes a power failure may cost. Absent: the NATS servers decide. */
            sync?: string;
            /**
             * Format: int64
             * @description What user data takes on disk; 0 while the store cannot be reached.
             */
            user_data_bytes: number;
        };
        NodeList: {
            /** @description The page. */
            items: components["schemas"]["Node"][];
            /** @description Nodes that did not answer. */
            missing: string[];
            /** @description What after must be for the page that follows; empty on the last one. */
            next: string;
        };
        Outcome: {
            /**
             * Format: int64
             * @description How long it took, in milliseconds.
             */
            duration_ms: number;
            /** @description The script's error with its position lines; empty if all went well. */
            error: string;
            /** @description Whether the script came to its end. */
            ok: boolean;
        };
        /** @description Problem details (RFC 9457). */
        Problem: {
            /** @description What was wrong and what to do, for a person. */
            detail?: string;
            /** @description Each thing wrong, with its place. */
            errors?: components["schemas"]["Mistake"][] | null;
            /**
             * Format: uri
             * @description Absent.
             */
            instance?: string;
            /**
             * Format: int64
             * @description The HTTP status.
             */
            status?: number;
            /** @description The status in words. */
            title?: string;
            /**
             * Format: uri
             * @description Absent: the status says it.
             * @default about:blank
             */
            type: string;
        };
        Queue: {
            /**
             * Format: int64
             * @description Their bytes.
             */
            bytes: number;
            /**
             * @description Why the last of them were dropped; empty if none was.
             * @enum {string}
             */
            drop_reason: "" | "overflow" | "expired" | "node_lost";
            /**
             * Format: int64
             * @description Messages that were dropped since the socket was opened, as far as their number is known. The client is told of them.
             */
            dropped: number;
            /**
             * Format: int64
             * @description Messages that wait.
             */
            messages: number;
            /** @description How the queue packs its messages, once the first one has fixed it. */
            mode: string;
        };
        Queued: {
            /**
             * Format: int64
             * @description Messages waiting in the socket's queue, this one included.
             */
            queue_depth: number;
        };
        RefusedRequest: {
            /** @description What would let it in: in dev a flag, in serve a line of the settings. */
            add?: string;
            /** @description Why, as the answer said. */
            detail: string;
            /** @description The Host of the request. */
            host?: string;
            /** @description The Origin of the request. */
            origin?: string;
            /** @description The path of the request. */
            path?: string;
            /** @description Address of who asked. */
            remote: string;
            /** @description The service that was asked for. */
            service?: string;
            /** @description The setting to raise, where a limit was exceeded. */
            setting?: string;
            /** @description The id the client chose. */
            stateful_id?: string;
            /**
             * Format: int64
             * @description What it was answered with; 1008 for an open socket that was closed because of a limit.
             */
            status: number;
            /**
             * Format: date-time
             * @description When it was refused.
             */
            time: string;
            /** @description Whose connection it would have been. */
            user_id?: string;
            /**
             * @description What it was refused for.
             * @enum {string}
             */
            what: "host" | "origin" | "token" | "service" | "handshake" | "stateful_id" | "user" | "limit" | "unavailable" | "cross_site" | "request" | "call_method" | "tags";
        };
        RefusedRequestList: {
            /** @description The page. */
            items: components["schemas"]["RefusedRequest"][];
            /** @description Nodes that did not answer. */
            missing: string[];
            /** @description What after must be for the page that follows; empty on the last one. */
            next: string;
        };
        RunDetail: {
            /** @description Name of the agent, also for the threads it started; empty for a source. */
            agent: string;
            /**
             * Format: int64
             * @description How long it took, in milliseconds; so far, while it runs.
             */
            duration_ms: number;
            /**
             * Format: date-time
             * @description When it ended; absent while it runs. Of a lost one, when that was noticed.
             */
            ended_at?: string;
            /** @description The script's error with its position lines; empty if all went well, and while it runs. */
            error: string;
            /** @description Names the run: GET /runs/{id}. */
            id: string;
            /** @description The last lines, as far as they are kept. */
            lines: components["schemas"]["Line"][];
            /**
             * Format: int64
             * @description Lines at the beginning that were too many to keep.
             */
            lines_dropped?: number;
            /** @description What a source or a thread is called; empty for an agent. */
            name: string;
            /** @description The node that runs it, or ran it. */
            node: string;
            /**
             * Format: date-time
             * @description When it began.
             */
            started_at: string;
            /**
             * @description One that was stopped has failed; one is lost whose node ended while it ran.
             * @enum {string}
             */
            state: "running" | "done" | "failed" | "lost";
            /**
             * Format: int64
             * @description Number of the script thread, as log lines have it.
             */
            thread: number;
            /**
             * @description Who started it: a client of the API, a script, a script as a thread beside itself, or the schedule of the agent.
             * @enum {string}
             */
            trigger: "api" | "script" | "thread" | "schedule";
            /** @description Id of the user the script runs as. */
            user: string;
        };
        RunInfo: {
            /** @description Name of the agent, also for the threads it started; empty for a source. */
            agent: string;
            /**
             * Format: int64
             * @description How long it took, in milliseconds; so far, while it runs.
             */
            duration_ms: number;
            /**
             * Format: date-time
             * @description When it ended; absent while it runs. Of a lost one, when that was noticed.
             */
            ended_at?: string;
            /** @description The script's error with its position lines; empty if all went well, and while it runs. */
            error: string;
            /** @description Names the run: GET /runs/{id}. */
            id: string;
            /** @description What a source or a thread is called; empty for an agent. */
            name: string;
            /** @description The node that runs it, or ran it. */
            node: string;
            /**
             * Format: date-time
             * @description When it began.
             */
            started_at: string;
            /**
             * @description One that was stopped has failed; one is lost whose node ended while it ran.
             * @enum {string}
             */
            state: "running" | "done" | "failed" | "lost";
            /**
             * Format: int64
             * @description Number of the script thread, as log lines have it.
             */
            thread: number;
            /**
             * @description Who started it: a client of the API, a script, a script as a thread beside itself, or the schedule of the agent.
             * @enum {string}
             */
            trigger: "api" | "script" | "thread" | "schedule";
            /** @description Id of the user the script runs as. */
            user: string;
        };
        RunInfoList: {
            /** @description The page. */
            items: components["schemas"]["RunInfo"][];
            /** @description Nodes that did not answer. */
            missing: string[];
            /** @description What after must be for the page that follows; empty on the last one. */
            next: string;
        };
        RunRequest: {
            /** @description Answer at once and let the run go on by itself. Without it a client that goes away stops its run. */
            detach?: boolean;
            /** @description What errors and logs call the script. */
            name?: string;
            /** @description What the script finds in Param. */
            params?: {
                [key: string]: string;
            };
            /** @description The script. */
            source: string;
            /**
             * @description Longest time the run may take, such as 30s or 5m; that of agents without one.
             * @example 30s
             */
            timeout?: string;
            /** @description Id of the user the script runs as; the administrator without one. */
            user?: string;
        };
        RunResult: {
            /**
             * Format: int64
             * @description How long it took, in milliseconds.
             */
            duration_ms: number;
            /** @description The script's error with its position lines; empty if all went well. */
            error: string;
            /** @description Names the run: GET /runs/{id}. */
            id: string;
            /** @description What the script wrote. */
            lines: components["schemas"]["Line"][];
            /**
             * Format: int64
             * @description Lines at the beginning that were too many to keep.
             */
            lines_dropped?: number;
            /** @description Whether the script came to its end. */
            ok: boolean;
        };
        RunStarted: {
            /** @description Names the run: GET /runs/{id}. */
            id: string;
        };
        Script: {
            /** @description What its file says it is for. */
            description?: string;
            /** @description The newest run by the schedule, on any node. */
            last_run?: components["schemas"]["TimedRun"];
            /** @description The newest time of the schedule at which the agent was not started. */
            last_skipped?: components["schemas"]["SkippedRun"];
            /** @description How it is called and run. */
            name: string;
            /**
             * Format: date-time
             * @description The next time of the schedule.
             */
            next_run_at?: string;
            /** @description Why the file as it is now does not load. The last good version, if there is one, keeps running. */
            problem?: string;
            /** @description When an agent runs by itself, as its @schedule lines say. */
            schedule?: string[] | null;
            /** @description The time zone of the schedule; Local is that of the server. */
            timezone?: string;
            /** @description Where errors and logs place it: x-local://… */
            url: string;
        };
        ScriptList: {
            /** @description The page. */
            items: components["schemas"]["Script"][];
            /** @description Nodes that did not answer. */
            missing: string[];
            /** @description What after must be for the page that follows; empty on the last one. */
            next: string;
        };
        Session: {
            /** @description The address the user logged in from. */
            address: string;
            /** @description What the browser calls itself. */
            agent: string;
            /**
             * Format: date-time
             * @description When the user logged in.
             */
            begun_at: string;
            /**
             * Format: date-time
             * @description When it ends if it is not used any more.
             */
            ends_at: string;
            /** @description Names the session. It opens nothing. */
            id: string;
            /** @description The user's login, in lower case. */
            login: string;
            /**
             * Format: date-time
             * @description When it was last used, or up to five minutes before; by an open socket, or up to a tenth of auth.accounts.idle before.
             */
            seen_at: string;
            /** @description Whose session it is. */
            user_id: string;
        };
        SessionList: {
            /** @description The page. */
            items: components["schemas"]["Session"][];
            /** @description Nodes that did not answer. */
            missing: string[];
            /** @description What after must be for the page that follows; empty on the last one. */
            next: string;
        };
        SkippedRun: {
            /**
             * Format: date-time
             * @description The time.
             */
            at: string;
            /** @description Why, for a person. */
            reason: string;
        };
        SnapshotBegun: {
            /** @description Nodes that did not answer. */
            missing: string[];
            /**
             * @description start: the stream begins; restart: the id to resume after is of an earlier server; skipped: the reader was too slow. What was known before is void.
             * @enum {string}
             */
            reason: "start" | "restart" | "skipped";
            /**
             * Format: int64
             * @description How many opened events follow that tell what is there.
             */
            sockets: number;
        };
        Socket: {
            /**
             * Format: int64
             * @description Bytes of messages received.
             */
            bytes_in: number;
            /**
             * Format: int64
             * @description Bytes of messages sent.
             */
            bytes_out: number;
            /**
             * Format: date-time
             * @description When the connection was made.
             */
            connected_at: string;
            /** @description The full key: /services/<service>-s-<id>, or -v-<GUID>. */
            key: string;
            /** @description The node that holds it. */
            node: string;
            /** @description What waits to be sent. */
            queue: components["schemas"]["Queue"];
            /** @description The service it is connected to. */
            service: string;
            /**
             * @description detached: the connection broke, and its client may come back to what waits.
             * @enum {string}
             */
            state: "open" | "detached";
            /** @description The id the client chose; empty without one. */
            stateful_id: string;
            /** @description Its tags. */
            tags: {
                [key: string]: string;
            };
            /** @description Whose connection it is. */
            user_id: string;
        };
        SocketChanged: {
            /**
             * Format: int64
             * @description Bytes of messages received.
             */
            bytes_in: number;
            /**
             * Format: int64
             * @description Bytes of messages sent.
             */
            bytes_out: number;
            /**
             * @description tags: it has other tags; takeover: a newer connection of its user has it; detached: its connection broke; resumed: its client is back.
             * @enum {string}
             */
            change: "tags" | "takeover" | "detached" | "resumed";
            /**
             * Format: date-time
             * @description When the connection was made.
             */
            connected_at: string;
            /** @description The full key: /services/<service>-s-<id>, or -v-<GUID>. */
            key: string;
            /** @description Whether it meets the filter now; if not, it did before. */
            matches: boolean;
            /** @description The node that holds it. */
            node: string;
            /** @description What waits to be sent. */
            queue: components["schemas"]["Queue"];
            /** @description The service it is connected to. */
            service: string;
            /**
             * Format: int64
             * @description Events lost before this one, of all sockets; -1: nobody knows how many.
             */
            skipped?: number;
            /**
             * @description detached: the connection broke, and its client may come back to what waits.
             * @enum {string}
             */
            state: "open" | "detached";
            /** @description The id the client chose; empty without one. */
            stateful_id: string;
            /** @description Its tags. */
            tags: {
                [key: string]: string;
            };
            /**
             * Format: date-time
             * @description When it happened.
             */
            time: string;
            /** @description Whose connection it is. */
            user_id: string;
        };
        SocketEnded: {
            /**
             * Format: int64
             * @description Bytes of messages received.
             */
            bytes_in: number;
            /**
             * Format: int64
             * @description Bytes of messages sent.
             */
            bytes_out: number;
            /**
             * Format: int64
             * @description Close code; 1006 if the connection ended without one.
             */
            code: number;
            /**
             * Format: date-time
             * @description When the connection was made.
             */
            connected_at: string;
            /** @description The full key: /services/<service>-s-<id>, or -v-<GUID>. */
            key: string;
            /** @description The node that held it. */
            node: string;
            /** @description What was said with the code. */
            reason: string;
            /** @description The service it was connected to. */
            service: string;
            /**
             * Format: int64
             * @description Events lost before this one, of all sockets; -1: nobody knows how many.
             */
            skipped?: number;
            /** @description The id the client chose; empty without one. */
            stateful_id: string;
            /** @description Its tags. */
            tags: {
                [key: string]: string;
            };
            /**
             * Format: date-time
             * @description When it happened.
             */
            time: string;
            /** @description Whose connection it was. */
            user_id: string;
        };
        SocketList: {
            /** @description The page. */
            items: components["schemas"]["Socket"][];
            /** @description Nodes that did not answer. */
            missing: string[];
            /** @description What after must be for the page that follows; empty on the last one. */
            next: string;
        };
        SocketOpened: {
            /**
             * Format: int64
             * @description Bytes of messages received.
             */
            bytes_in: number;
            /**
             * Format: int64
             * @description Bytes of messages sent.
             */
            bytes_out: number;
            /**
             * Format: date-time
             * @description When the connection was made.
             */
            connected_at: string;
            /** @description The full key: /services/<service>-s-<id>, or -v-<GUID>. */
            key: string;
            /** @description The node that holds it. */
            node: string;
            /** @description What waits to be sent. */
            queue: components["schemas"]["Queue"];
            /** @description The service it is connected to. */
            service: string;
            /**
             * Format: int64
             * @description Events lost before this one, of all sockets; -1: nobody knows how many.
             */
            skipped?: number;
            /**
             * @description detached: the connection broke, and its client may come back to what waits.
             * @enum {string}
             */
            state: "open" | "detached";
            /** @description The id the client chose; empty without one. */
            stateful_id: string;
            /** @description Its tags. */
            tags: {
                [key: string]: string;
            };
            /**
             * Format: date-time
             * @description When it happened; of a socket in a snapshot, when it was told.
             */
            time: string;
            /** @description Whose connection it is. */
            user_id: string;
        };
        Source: {
            /** @description Names the text; If-Match of a write takes it. */
            etag: string;
            /**
             * @description What the script is.
             * @enum {string}
             */
            kind: "service" | "library" | "agent";
            /** @description Name of the script; the code of a library. */
            name: string;
            /** @description Why this text is not in force. The last good version, if there is one, keeps running. */
            problem?: string;
            /** @description The text of the script. */
            source: string;
            /** @description Where errors and logs place it: x-local://… */
            url: string;
            /**
             * Format: int64
             * @description Number of the version with this text in the history.
             */
            version?: number;
        };
        SourceInfo: {
            /** @description Names the text; If-Match of a write takes it. */
            etag: string;
            /**
             * @description What the script is.
             * @enum {string}
             */
            kind: "service" | "library" | "agent";
            /** @description Name of the script; the code of a library. */
            name: string;
            /** @description Why this text is not in force. The last good version, if there is one, keeps running. */
            problem?: string;
            /** @description Where errors and logs place it: x-local://… */
            url: string;
            /**
             * Format: int64
             * @description Number of the version with this text in the history.
             */
            version?: number;
        };
        Stats: {
            /**
             * Format: int64
             * @description Time between two points, in seconds.
             */
            interval_seconds: number;
            /** @description The last hour at most, oldest first. */
            items: components["schemas"]["StatsPoint"][];
            /** @description Nodes that did not answer. */
            missing: string[];
            /** @description The node that counted. */
            node: string;
            /** @description What there is now. */
            now: components["schemas"]["StatsLevel"];
            /**
             * Format: date-time
             * @description Since when the totals count.
             */
            started_at: string;
            /** @description Since the node was started. */
            totals: components["schemas"]["StatsCount"];
        };
        StatsCount: {
            /**
             * Format: int64
             * @description Runs that did not end well.
             */
            agent_errors: number;
            /**
             * Format: int64
             * @description Runs of agents, sources and threads.
             */
            agent_runs: number;
            /**
             * Format: int64
             * @description Bytes of messages received.
             */
            bytes_in: number;
            /**
             * Format: int64
             * @description Bytes of messages sent.
             */
            bytes_out: number;
            /**
             * Format: int64
             * @description Connections that ended, those taken over included.
             */
            closes: number;
            /**
             * Format: int64
             * @description Messages dropped because a queue was full.
             */
            dropped_messages: number;
            /**
             * Format: int64
             * @description Connections accepted.
             */
            handshakes: number;
            /**
             * Format: int64
             * @description Times that a connection was refused or closed because its user or address owed too much.
             */
            limit_refusals: number;
            /**
             * Format: int64
             * @description Times that a handshake, or what comes on a socket, waited because its user or address was over a limit.
             */
            limit_waits: number;
            /**
             * Format: int64
             * @description Lines that scripts wrote.
             */
            log_lines: number;
            /**
             * Format: int64
             * @description Messages received.
             */
            messages_in: number;
            /**
             * Format: int64
             * @description Messages sent.
             */
            messages_out: number;
            /**
             * Format: int64
             * @description Connections refused.
             */
            refused_handshakes: number;
            /**
             * Format: int64
             * @description Calls of hooks of services.
             */
            script_calls: number;
            /**
             * Format: int64
             * @description Calls that did not end well.
             */
            script_errors: number;
            /**
             * Format: int64
             * @description Connections that took over the socket of an older one.
             */
            takeovers: number;
        };
        StatsLevel: {
            /**
             * Format: int64
             * @description Their bytes.
             */
            queue_bytes: number;
            /**
             * Format: int64
             * @description Messages that wait in all queues.
             */
            queue_messages: number;
            /**
             * Format: int64
             * @description Agents, sources and threads of scripts.
             */
            running_agents: number;
            /**
             * Format: int64
             * @description Calls of services.
             */
            running_calls: number;
            /**
             * Format: int64
             * @description Open sockets.
             */
            sockets: number;
        };
        StatsPoint: {
            /** @description What happened in the interval. */
            count: components["schemas"]["StatsCount"];
            /** @description As it was at this time. */
            level: components["schemas"]["StatsLevel"];
            /**
             * Format: double
             * @description Length of the interval, in seconds.
             */
            seconds: number;
            /**
             * Format: date-time
             * @description When the interval ended.
             */
            time: string;
        };
        Tag: {
            /**
             * Format: int64
             * @description Sockets that have the tag.
             */
            count: number;
            /**
             * Format: int64
             * @description Different values.
             */
            distinct: number;
            /** @description Name of the tag. */
            name: string;
            /** @description There are more values than are told. */
            truncated: boolean;
            /** @description The most frequent values. */
            values: components["schemas"]["TagValue"][];
        };
        TagList: {
            /** @description The page. */
            items: components["schemas"]["Tag"][];
            /** @description Nodes that did not answer. */
            missing: string[];
            /** @description What after must be for the page that follows; empty on the last one. */
            next: string;
        };
        TagValue: {
            /**
             * Format: int64
             * @description Sockets that have it.
             */
            count: number;
            /** @description The value. */
            value: string;
        };
        TimedRun: {
            /**
             * Format: date-time
             * @description When it ended, to the second; absent while it runs.
             */
            ended_at?: string;
            /** @description Names the run: GET /runs/{id}. Absent while it has just begun. */
            id?: string;
            /** @description The node that runs it, or ran it. */
            node: string;
            /**
             * Format: date-time
             * @description When it began, to the second.
             */
            started_at: string;
            /**
             * @description One is lost whose node ended while it ran.
             * @enum {string}
             */
            state: "running" | "done" | "failed" | "lost";
        };
        TraceEnded: {
            /**
             * Format: int64
             * @description Close code; 1006 if the connection ended without one.
             */
            code: number;
            /** @description What was said with the code. */
            reason: string;
            /**
             * Format: int64
             * @description Frames lost before this event; -1: nobody knows how many.
             */
            skipped?: number;
            /**
             * Format: date-time
             * @description When it happened.
             */
            time: string;
        };
        User: {
            /** @description Whether the user is an administrator. */
            admin: boolean;
            /**
             * Format: date-time
             * @description When the user was added.
             */
            created_at: string;
            /** @description Whether the user may not log in. */
            disabled: boolean;
            /** @description What scripts find in curUser besides. */
            fields?: {
                [key: string]: string;
            };
            /** @description A number, as scripts find it in curUserID. */
            id: string;
            /** @description What the user types to log in; case does not matter. */
            login: string;
            /** @description What others call the user. */
            name: string;
            /**
             * Format: date-time
             * @description When the password was set.
             */
            password_at: string;
        };
        UserChange: {
            /** @description Whether the user is an administrator. Like another name and other fields this closes the open sockets of the user; clients that come back have what is new. */
            admin?: boolean;
            /** @description Whether the user may not log in; true ends all sessions of the user. */
            disabled?: boolean;
            /** @description What scripts find in curUser besides, all of it. */
            fields?: {
                [key: string]: string;
            };
            /** @description End all sessions of the user. */
            log_out?: boolean;
            /** @description What others call the user. */
            name?: string;
            /** @description A new password; it ends all sessions of the user. */
            password?: string;
        };
        UserData: {
            /**
             * Format: date-time
             * @description When its time is over; absent: it stays until it is removed.
             */
            expires_at?: string;
            /** @description The key. */
            key: string;
            /**
             * Format: int64
             * @description Seconds it has left, rounded up; absent: it stays until it is removed.
             */
            ttl?: number;
            /** @description In lists only with values=true. A recipients list is shown as scripts see it. */
            value?: unknown;
        };
        UserDataList: {
            /** @description The page. */
            items: components["schemas"]["UserData"][];
            /** @description Nodes that did not answer. */
            missing: string[];
            /** @description What after must be for the page that follows; empty on the last one. */
            next: string;
        };
        UserDataRequest: {
            /**
             * Format: int64
             * @description Seconds it lives; without it, it stays until it is removed.
             */
            ttl?: number;
            /** @description Any JSON value. */
            value: unknown;
        };
        UserList: {
            /** @description The page. */
            items: components["schemas"]["User"][];
            /** @description Nodes that did not answer. */
            missing: string[];
            /** @description What after must be for the page that follows; empty on the last one. */
            next: string;
        };
        Version: {
            /**
             * Format: date-time
             * @description When it came into force.
             */
            at: string;
            /** @description Who brought it: file (a change in the app folder), start (it was there when the server started), or who used the API. */
            by: string;
            /**
             * Format: int64
             * @description Length of the text.
             */
            bytes: number;
            /** @description Whether it is in force. */
            current: boolean;
            /** @description Names the text; If-Match of a write takes it. */
            etag: string;
            /**
             * Format: int64
             * @description Its number, from 1.
             */
            n: number;
            /** @description Why it was changed, as far as somebody said. */
            note: string;
        };
        VersionList: {
            /** @description The page. */
            items: components["schemas"]["Version"][];
            /** @description Nodes that did not answer. */
            missing: string[];
            /** @description What after must be for the page that follows; empty on the last one. */
            next: string;
        };
        VersionSource: {
            /**
             * Format: date-time
             * @description When it came into force.
             */
            at: string;
            /** @description Who brought it: file (a change in the app folder), start (it was there when the server started), or who used the API. */
            by: string;
            /**
             * Format: int64
             * @description Length of the text.
             */
            bytes: number;
            /** @description Whether it is in force. */
            current: boolean;
            /** @description Names the text; If-Match of a write takes it. */
            etag: string;
            /**
             * Format: int64
             * @description Its number, from 1.
             */
            n: number;
            /** @description Why it was changed, as far as somebody said. */
            note: string;
            /** @description The text of the script in this version. */
            source: string;
        };
    };
    responses: {
        /** @description The request cannot be read: its JSON, its query, a filter, or a key that is not percent-encoded. */
        BadRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "The filter cannot be read: wrong filter at position 0: a filter begins with \"$\" and the name of a tag, or is a JSON object.",
                 *       "errors": [
                 *         {
                 *           "location": "query.filter",
                 *           "message": "wrong filter at position 0: a filter begins with \"$\" and the name of a tag, or is a JSON object",
                 *           "value": "role"
                 *         }
                 *       ],
                 *       "status": 400,
                 *       "title": "Bad Request"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The request does not go with how things are now. */
        Conflict: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "The embedded sample app is served, which cannot be changed. Make an app folder with: tutorsocket init FOLDER, and serve it with: tutorsocket dev FOLDER",
                 *       "status": 409,
                 *       "title": "Conflict"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The key lacks the scope of the operation, or the Host or Origin of the request is not known here. */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "This key may not do that: GET /api/v1/sockets wants the scope read, and the key has send.",
                 *       "errors": [
                 *         {
                 *           "location": "header.Authorization",
                 *           "message": "lacks the scope read"
                 *         }
                 *       ],
                 *       "status": 403,
                 *       "title": "Forbidden"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The store of user data is full. */
        InsufficientStorage: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "The store is full. Remove user data that is not needed any more.",
                 *       "status": 507,
                 *       "title": "Insufficient Storage"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The server failed. Its log says more. */
        InternalServerError: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "unexpected error occurred",
                 *       "status": 500,
                 *       "title": "Internal Server Error"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Accept names no type this operation answers with. */
        NotAcceptable: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "GET /api/v1/sockets answers with application/json, which Accept leaves out.",
                 *       "errors": [
                 *         {
                 *           "location": "header.Accept",
                 *           "message": "must allow application/json",
                 *           "value": "text/html"
                 *         }
                 *       ],
                 *       "status": 406,
                 *       "title": "Not Acceptable"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such thing. */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "No socket with the key \"/services/main_ws_service-s-123\" is open.",
                 *       "status": 404,
                 *       "title": "Not Found"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description If-Match or If-None-Match forbids it: what is there now is not what the request expects. Nothing was changed. */
        PreconditionFailed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "The value is not the one that the request expects: somebody wrote or removed it meanwhile. Read it again.",
                 *       "status": 412,
                 *       "title": "Precondition Failed"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body has 4194304 bytes or more, or holds more than can be kept. */
        RequestEntityTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "The body is too large: it must be smaller than 4194304 bytes.",
                 *       "errors": [
                 *         {
                 *           "location": "body",
                 *           "message": "too large"
                 *         }
                 *       ],
                 *       "status": 413,
                 *       "title": "Request Entity Too Large"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body took too long to arrive. */
        RequestTimeout: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "The body took longer than 15s to arrive.",
                 *       "errors": [
                 *         {
                 *           "location": "body",
                 *           "message": "took too long"
                 *         }
                 *       ],
                 *       "status": 408,
                 *       "title": "Request Timeout"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not able now: too much goes on at once, the server is stopping, or another node that is needed does not answer. */
        ServiceUnavailable: {
            headers: {
                /**
                 * @description When to try again, in seconds.
                 * @example 1
                 */
                "Retry-After"?: string;
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "Too many runs are going on at once. Try again when one has ended.",
                 *       "status": 503,
                 *       "title": "Service Unavailable"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The queue of the socket is full; the message was dropped. */
        TooManyRequests: {
            headers: {
                /**
                 * @description When to try again, in seconds.
                 * @example 1
                 */
                "Retry-After"?: string;
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "The queue of this socket is full because its client reads too slowly; the message was dropped. Send again later, send less, or allow more with the settings queue.max_messages and queue.max_bytes.",
                 *       "status": 429,
                 *       "title": "Too Many Requests"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No token, or one this server does not know: a key may have expired, or been revoked. */
        Unauthorized: {
            headers: {
                /**
                 * @description The scheme, and whether a token was wrong.
                 * @example Bearer realm="tutorsocket"
                 */
                "WWW-Authenticate"?: string;
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "This wants the admin token or an API key: Authorization: Bearer <token>. Where the setting admin.token is not set, the admin token is in admin.json in the data folder of the server.",
                 *       "status": 401,
                 *       "title": "Unauthorized"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The request was read, and a value in it is wrong. */
        UnprocessableEntity: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "validation failed",
                 *       "errors": [
                 *         {
                 *           "location": "query.limit",
                 *           "message": "expected number <= 1000",
                 *           "value": 5000
                 *         }
                 *       ],
                 *       "status": 422,
                 *       "title": "Unprocessable Entity"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is of a type, charset or encoding that the operation does not take. */
        UnsupportedMediaType: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "The body must be JSON. Send it with the header Content-Type: application/json.",
                 *       "status": 415,
                 *       "title": "Unsupported Media Type"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    "list-agents": {
        parameters: {
            query?: {
                /** @description The next of the page before; the first page without it. */
                after?: string;
                /** @description Most items of the answer. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of agents. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "name": "broken",
                     *           "problem": "Unexpected token }\n(x-local://agents/broken.js,   line 1)",
                     *           "url": "x-local://agents/broken.js"
                     *         },
                     *         {
                     *           "last_run": {
                     *             "ended_at": "2026-11-23T06:00:02Z",
                     *             "id": "1a2145e7ece00813",
                     *             "node": "n1",
                     *             "started_at": "2026-11-23T06:00:00Z",
                     *             "state": "done"
                     *           },
                     *           "name": "hello",
                     *           "next_run_at": "2026-11-24T06:00:00Z",
                     *           "schedule": [
                     *             "0 9 * * 1-5"
                     *           ],
                     *           "timezone": "Europe/Moscow",
                     *           "url": "x-local://agents/hello.js"
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["ScriptList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "run-agent": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Name of the agent.
                 * @example hello
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                /**
                 * @example {
                 *       "params": {
                 *         "course": "6148914691236517121"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["AgentRunRequest"];
            };
        };
        responses: {
            /** @description How the run ended; as a stream, its lines as they come and the outcome at the end. */
            200: {
                headers: {
                    /**
                     * @description The path of the run.
                     * @example /api/v1/runs/1a2145e7ece00813
                     */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "duration_ms": 1,
                     *       "error": "",
                     *       "id": "1a2145e7ece00813",
                     *       "lines": [
                     *         {
                     *           "text": "42",
                     *           "thread": 17,
                     *           "time": "2026-11-23T10:00:00.125Z"
                     *         }
                     *       ],
                     *       "ok": true
                     *     }
                     */
                    "application/json": components["schemas"]["RunResult"];
                    /**
                     * @example [
                     *       {
                     *         "data": {
                     *           "text": "42",
                     *           "thread": 17,
                     *           "time": "2026-11-23T10:00:00.125Z"
                     *         },
                     *         "event": "line"
                     *       },
                     *       {
                     *         "data": {
                     *           "duration_ms": 1,
                     *           "error": "",
                     *           "ok": true
                     *         },
                     *         "event": "outcome"
                     *       }
                     *     ]
                     */
                    "text/event-stream": ({
                        data: components["schemas"]["Line"];
                        /**
                         * @description Kind of the event.
                         * @enum {string}
                         */
                        event: "line";
                    } | {
                        data: components["schemas"]["Outcome"];
                        /**
                         * @description Kind of the event.
                         * @enum {string}
                         */
                        event: "outcome";
                    })[];
                };
            };
            /** @description With detach: the run goes on by itself. */
            202: {
                headers: {
                    /**
                     * @description The path of the run.
                     * @example /api/v1/runs/1a2145e7ece00813
                     */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "1a2145e7ece00813"
                     *     }
                     */
                    "application/json": components["schemas"]["RunStarted"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "get-agent-source": {
        parameters: {
            query?: never;
            header?: {
                /** @description An ETag: the answer is 304 without a body if the text is still that one. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description Name of the agent.
                 * @example hello
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The text as it is now. */
            200: {
                headers: {
                    /** @description Names the text; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /** @example alert( 2 ) */
                    "application/javascript": string;
                    /**
                     * @example {
                     *       "etag": "\"88c9b303187579a7ea46ab1738f5e685\"",
                     *       "kind": "agent",
                     *       "name": "hello",
                     *       "source": "alert( 2 )\n",
                     *       "url": "x-local://agents/hello.js",
                     *       "version": 2
                     *     }
                     */
                    "application/json": components["schemas"]["Source"];
                    /** @example alert( 2 ) */
                    "text/javascript": string;
                    /** @example alert( 2 ) */
                    "text/plain": string;
                };
            };
            /** @description The text is still the one named. */
            304: {
                headers: {
                    /** @description Names the text; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "put-agent-source": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the text to replace, or * for any: another one gives 412. Without it any text is replaced, or a new one made. */
                "If-Match"?: string;
                /** @description * writes only where there is no such script yet; where there is one that gives 412. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description Name of the agent.
                 * @example hello
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /** @example alert( 2 ) */
                "application/javascript": string;
                /**
                 * @example {
                 *       "note": "says two",
                 *       "source": "alert( 2 )\n"
                 *     }
                 */
                "application/json": components["schemas"]["NewSource"];
                /** @example alert( 2 ) */
                "text/javascript": string;
                /** @example alert( 2 ) */
                "text/plain": string;
            };
        };
        responses: {
            /** @description The text is in force. */
            200: {
                headers: {
                    /** @description Names the text; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "etag": "\"88c9b303187579a7ea46ab1738f5e685\"",
                     *       "kind": "agent",
                     *       "name": "hello",
                     *       "url": "x-local://agents/hello.js",
                     *       "version": 2
                     *     }
                     */
                    "application/json": components["schemas"]["SourceInfo"];
                };
            };
            /** @description The script is new and in force. */
            201: {
                headers: {
                    /** @description Names the text; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "etag": "\"71cae05ec10148740d3887117d75e43b\"",
                     *       "kind": "agent",
                     *       "name": "hello",
                     *       "url": "x-local://agents/hello.js",
                     *       "version": 1
                     *     }
                     */
                    "application/json": components["schemas"]["SourceInfo"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "list-agent-versions": {
        parameters: {
            query?: {
                /** @description The next of the page before; the first page without it. */
                after?: string;
                /** @description Most items of the answer. */
                limit?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Name of the agent.
                 * @example hello
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of versions. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "at": "2026-11-23T10:00:00.125Z",
                     *           "by": "admin",
                     *           "bytes": 11,
                     *           "current": true,
                     *           "etag": "\"88c9b303187579a7ea46ab1738f5e685\"",
                     *           "n": 2,
                     *           "note": "says two"
                     *         },
                     *         {
                     *           "at": "2026-11-23T09:00:00.202Z",
                     *           "by": "start",
                     *           "bytes": 11,
                     *           "current": false,
                     *           "etag": "\"71cae05ec10148740d3887117d75e43b\"",
                     *           "n": 1,
                     *           "note": ""
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["VersionList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "get-agent-version": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Number of the version. */
                n: number;
                /**
                 * @description Name of the agent.
                 * @example hello
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "at": "2026-11-23T10:00:00.125Z",
                     *       "by": "admin",
                     *       "bytes": 11,
                     *       "current": true,
                     *       "etag": "\"88c9b303187579a7ea46ab1738f5e685\"",
                     *       "n": 2,
                     *       "note": "says two",
                     *       "source": "alert( 2 )\n"
                     *     }
                     */
                    "application/json": components["schemas"]["VersionSource"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "diff-agent-versions": {
        parameters: {
            query?: {
                /** @description Number of the version to compare with; the newest one without it. */
                to?: number;
            };
            header?: never;
            path: {
                /** @description Number of the version. */
                n: number;
                /**
                 * @description Name of the agent.
                 * @example hello
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The diff; empty if the texts are equal. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example --- version 1
                     *     +++ version 2
                     *     @@ -1,1 +1,1 @@
                     *     -alert( 1 )
                     *     +alert( 2 )
                     */
                    "text/x-diff": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "restore-agent-version": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the text to replace, or * for any: another one gives 412. Without it any text is replaced. */
                "If-Match"?: string;
            };
            path: {
                /** @description Number of the version. */
                n: number;
                /**
                 * @description Name of the agent.
                 * @example hello
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version that is in force now. */
            200: {
                headers: {
                    /** @description Names the text; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "at": "2026-11-23T10:00:01.338Z",
                     *       "by": "admin",
                     *       "bytes": 11,
                     *       "current": true,
                     *       "etag": "\"71cae05ec10148740d3887117d75e43b\"",
                     *       "n": 3,
                     *       "note": "restored from 1"
                     *     }
                     */
                    "application/json": components["schemas"]["Version"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "list-bindings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The names. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "doc": "Writes the value as text to the script log and returns it. An error object is logged as an error, with its position lines.",
                     *           "kind": "function",
                     *           "name": "alert",
                     *           "origin": "shared",
                     *           "signature": "<T>(value?: T): T"
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["BindingList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "check-source": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "kind": "agent",
                 *       "source": "alrt( 1 )"
                 *     }
                 */
                "application/json": components["schemas"]["CheckRequest"];
            };
        };
        responses: {
            /** @description What is wrong, in the order of the lines. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "problems": [
                     *         {
                     *           "caret": "alrt( 1 )\n^",
                     *           "column": 1,
                     *           "file": "script.js",
                     *           "kind": "unknown-function",
                     *           "level": "error",
                     *           "line": 1,
                     *           "message": "There is no function alrt; did you mean alert?"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Diagnostics"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "list-keys": {
        parameters: {
            query?: {
                /** @description The next of the page before; the first page without it. */
                after?: string;
                /** @description Most items of the answer. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of keys. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "created_at": "2026-11-23T09:00:00Z",
                     *           "created_by": "admin",
                     *           "expires_at": "2027-02-21T09:00:00Z",
                     *           "id": "k3qtw7mzb2xa",
                     *           "last_used_at": "2026-11-23T10:00:00Z",
                     *           "name": "portal",
                     *           "scopes": [
                     *             "read",
                     *             "send"
                     *           ]
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["KeyList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "create-key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "portal",
                 *       "scopes": [
                 *         "read",
                 *         "send"
                 *       ],
                 *       "ttl": 7776000
                 *     }
                 */
                "application/json": components["schemas"]["NewKey"];
            };
        };
        responses: {
            /** @description The key, with its token. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "created_at": "2026-11-23T09:00:00Z",
                     *       "created_by": "admin",
                     *       "expires_at": "2027-02-21T09:00:00Z",
                     *       "id": "k3qtw7mzb2xa",
                     *       "name": "portal",
                     *       "scopes": [
                     *         "read",
                     *         "send"
                     *       ],
                     *       "token": "tsk_k3qtw7mzb2xa_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
                     *     }
                     */
                    "application/json": components["schemas"]["CreatedKey"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "revoke-key": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the key, not the key.
                 * @example k3qtw7mzb2xa
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key is revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "list-libraries": {
        parameters: {
            query?: {
                /** @description The next of the page before; the first page without it. */
                after?: string;
                /** @description Most items of the answer. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of libraries. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "name": "libMain",
                     *           "url": "x-local://wtv/libs/main_library.js"
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["ScriptList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "get-library-source": {
        parameters: {
            query?: never;
            header?: {
                /** @description An ETag: the answer is 304 without a body if the text is still that one. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description Name of the library.
                 * @example libChat
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The text as it is now. */
            200: {
                headers: {
                    /** @description Names the text; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /** @example alert( 2 ) */
                    "application/javascript": string;
                    /**
                     * @example {
                     *       "etag": "\"88c9b303187579a7ea46ab1738f5e685\"",
                     *       "kind": "library",
                     *       "name": "libChat",
                     *       "source": "alert( 2 )\n",
                     *       "url": "x-local://libs/libChat.js",
                     *       "version": 2
                     *     }
                     */
                    "application/json": components["schemas"]["Source"];
                    /** @example alert( 2 ) */
                    "text/javascript": string;
                    /** @example alert( 2 ) */
                    "text/plain": string;
                };
            };
            /** @description The text is still the one named. */
            304: {
                headers: {
                    /** @description Names the text; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "put-library-source": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the text to replace, or * for any: another one gives 412. Without it any text is replaced, or a new one made. */
                "If-Match"?: string;
                /** @description * writes only where there is no such script yet; where there is one that gives 412. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description Name of the library.
                 * @example libChat
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /** @example alert( 2 ) */
                "application/javascript": string;
                /**
                 * @example {
                 *       "note": "says two",
                 *       "source": "alert( 2 )\n"
                 *     }
                 */
                "application/json": components["schemas"]["NewSource"];
                /** @example alert( 2 ) */
                "text/javascript": string;
                /** @example alert( 2 ) */
                "text/plain": string;
            };
        };
        responses: {
            /** @description The text is in force. */
            200: {
                headers: {
                    /** @description Names the text; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "etag": "\"88c9b303187579a7ea46ab1738f5e685\"",
                     *       "kind": "library",
                     *       "name": "libChat",
                     *       "url": "x-local://libs/libChat.js",
                     *       "version": 2
                     *     }
                     */
                    "application/json": components["schemas"]["SourceInfo"];
                };
            };
            /** @description The script is new and in force. */
            201: {
                headers: {
                    /** @description Names the text; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "etag": "\"71cae05ec10148740d3887117d75e43b\"",
                     *       "kind": "library",
                     *       "name": "libChat",
                     *       "url": "x-local://libs/libChat.js",
                     *       "version": 1
                     *     }
                     */
                    "application/json": components["schemas"]["SourceInfo"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "list-library-versions": {
        parameters: {
            query?: {
                /** @description The next of the page before; the first page without it. */
                after?: string;
                /** @description Most items of the answer. */
                limit?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Name of the library.
                 * @example libChat
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of versions. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "at": "2026-11-23T10:00:00.125Z",
                     *           "by": "admin",
                     *           "bytes": 11,
                     *           "current": true,
                     *           "etag": "\"88c9b303187579a7ea46ab1738f5e685\"",
                     *           "n": 2,
                     *           "note": "says two"
                     *         },
                     *         {
                     *           "at": "2026-11-23T09:00:00.202Z",
                     *           "by": "start",
                     *           "bytes": 11,
                     *           "current": false,
                     *           "etag": "\"71cae05ec10148740d3887117d75e43b\"",
                     *           "n": 1,
                     *           "note": ""
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["VersionList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "get-library-version": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Number of the version. */
                n: number;
                /**
                 * @description Name of the library.
                 * @example libChat
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "at": "2026-11-23T10:00:00.125Z",
                     *       "by": "admin",
                     *       "bytes": 11,
                     *       "current": true,
                     *       "etag": "\"88c9b303187579a7ea46ab1738f5e685\"",
                     *       "n": 2,
                     *       "note": "says two",
                     *       "source": "alert( 2 )\n"
                     *     }
                     */
                    "application/json": components["schemas"]["VersionSource"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "diff-library-versions": {
        parameters: {
            query?: {
                /** @description Number of the version to compare with; the newest one without it. */
                to?: number;
            };
            header?: never;
            path: {
                /** @description Number of the version. */
                n: number;
                /**
                 * @description Name of the library.
                 * @example libChat
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The diff; empty if the texts are equal. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example --- version 1
                     *     +++ version 2
                     *     @@ -1,1 +1,1 @@
                     *     -alert( 1 )
                     *     +alert( 2 )
                     */
                    "text/x-diff": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "restore-library-version": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the text to replace, or * for any: another one gives 412. Without it any text is replaced. */
                "If-Match"?: string;
            };
            path: {
                /** @description Number of the version. */
                n: number;
                /**
                 * @description Name of the library.
                 * @example libChat
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version that is in force now. */
            200: {
                headers: {
                    /** @description Names the text; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "at": "2026-11-23T10:00:01.338Z",
                     *       "by": "admin",
                     *       "bytes": 11,
                     *       "current": true,
                     *       "etag": "\"71cae05ec10148740d3887117d75e43b\"",
                     *       "n": 3,
                     *       "note": "restored from 1"
                     *     }
                     */
                    "application/json": components["schemas"]["Version"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "stream-logs": {
        parameters: {
            query?: {
                /** @description Only lines of this agent. */
                agent?: string;
                /** @description Only lines with this text. */
                contains?: string;
                /** @description Whether to go on with new lines after the remembered ones. */
                follow?: boolean;
                /** @description Least severe lines to show; error: only the errors of scripts. */
                level?: "info" | "error";
                /** @description Only lines of the scripts of this service. */
                service?: string;
                /** @description Only lines not earlier than this: a time such as 2026-11-23T10:00:00Z, or how long ago, such as 10m. All without one. */
                since?: string;
                /** @description Only lines of runs for the socket with this key. */
                socket?: string;
                /** @description Only lines of this script thread. */
                thread?: number;
                /** @description Only lines of runs for the user with this id. */
                user?: string;
            };
            header?: {
                /** @description Go on after the event with this id, as browsers do by themselves. */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The lines, each with its number as the event's id. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       {
                     *         "data": {
                     *           "agent": "hello",
                     *           "text": "42",
                     *           "thread": 17,
                     *           "time": "2026-11-23T10:00:00.125Z"
                     *         },
                     *         "event": "line"
                     *       }
                     *     ]
                     */
                    "text/event-stream": {
                        data: components["schemas"]["Line"];
                        /**
                         * @description Kind of the event.
                         * @enum {string}
                         */
                        event: "line";
                    }[];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "send-messages": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of the caller's choice, 1 to 255 visible ASCII characters. The same request with the same key is done once: it is answered again as the first time, for 24 hours or until 10,000 newer ones came. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "filter": "$role:speaker",
                 *       "json_compound": true,
                 *       "message": "{\"price\":42}"
                 *     }
                 */
                "application/json": components["schemas"]["GroupMessage"];
            };
        };
        responses: {
            /** @description The message was queued for those counted. */
            202: {
                headers: {
                    /** @description true, if this is the answer to an earlier request with the same Idempotency-Key. */
                    "Idempotency-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "addressed": 3,
                     *       "missing": [],
                     *       "nodes": {
                     *         "n1": 3
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Delivery"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "send-batch": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of the caller's choice, 1 to 255 visible ASCII characters. The same request with the same key is done once: it is answered again as the first time, for 24 hours or until 10,000 newer ones came. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "messages": [
                 *         {
                 *           "key": "/services/main_ws_service-s-123",
                 *           "message": "one"
                 *         },
                 *         {
                 *           "key": "/services/main_ws_service-s-124",
                 *           "message": "two"
                 *         }
                 *       ]
                 *     }
                 */
                "application/json": components["schemas"]["Batch"];
            };
        };
        responses: {
            /** @description What became of each message, in their order. */
            202: {
                headers: {
                    /** @description true, if this is the answer to an earlier request with the same Idempotency-Key. */
                    "Idempotency-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "results": [
                     *         {
                     *           "addressed": 1,
                     *           "missing": [],
                     *           "nodes": {
                     *             "n1": 1
                     *           },
                     *           "queue_depth": 1,
                     *           "status": 202
                     *         },
                     *         {
                     *           "error": {
                     *             "detail": "No socket with the key \"/services/main_ws_service-s-124\" is open.",
                     *             "status": 404,
                     *             "title": "Not Found"
                     *           },
                     *           "status": 404
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["BatchResults"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "list-nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The nodes. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "app": "/srv/app",
                     *           "data": {
                     *             "connected": true,
                     *             "folder": "/var/lib/tutorsocket",
                     *             "store": "embedded",
                     *             "sync": "always",
                     *             "user_data_bytes": 4096
                     *           },
                     *           "datex_version": "1.24.4.27",
                     *           "name": "n1",
                     *           "runs": 0,
                     *           "sockets": 1,
                     *           "started_at": "2026-11-23T09:00:00Z",
                     *           "state": "ready",
                     *           "version": "1.0.0"
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["NodeList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "drain-node": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the node. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The node is stopping. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "app": "/srv/app",
                     *       "data": {
                     *         "connected": true,
                     *         "folder": "/var/lib/tutorsocket",
                     *         "store": "embedded",
                     *         "sync": "always",
                     *         "user_data_bytes": 4096
                     *       },
                     *       "datex_version": "1.24.4.27",
                     *       "name": "n1",
                     *       "runs": 0,
                     *       "sockets": 1,
                     *       "started_at": "2026-11-23T09:00:00Z",
                     *       "state": "draining",
                     *       "version": "1.0.0"
                     *     }
                     */
                    "application/json": components["schemas"]["Node"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "get-openapi": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An OpenAPI 3.1 document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "info": {
                     *         "title": "tutorsocket",
                     *         "version": "1.0.0"
                     *       },
                     *       "openapi": "3.1.0"
                     *     }
                     */
                    "application/openapi+json": {
                        [key: string]: unknown;
                    };
                };
            };
            400: components["responses"]["BadRequest"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
        };
    };
    "list-refusals": {
        parameters: {
            query?: {
                /** @description The next of the page before; the first page without it. */
                after?: string;
                /** @description Most items of the answer. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of refusals. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "add": "--origin https://portal.example",
                     *           "detail": "This server does not answer to the Origin \"https://portal.example\". If it should, start it with --origin https://portal.example, or add to its settings: origins: [\"https://portal.example\"]",
                     *           "host": "127.0.0.1:8080",
                     *           "origin": "https://portal.example",
                     *           "path": "/services/main_ws_service",
                     *           "remote": "127.0.0.1:57826",
                     *           "status": 403,
                     *           "time": "2026-11-23T10:00:00.125Z",
                     *           "what": "origin"
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["RefusedRequestList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "list-runs": {
        parameters: {
            query?: {
                /** @description The next of the page before; the first page without it. */
                after?: string;
                /** @description Only runs of the agent, or of the source, with this name. */
                agent?: string;
                /** @description Most items of the answer. */
                limit?: number;
                /** @description Only runs in this state. */
                state?: "running" | "done" | "failed" | "lost";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of runs. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "agent": "hello",
                     *           "duration_ms": 1,
                     *           "ended_at": "2026-11-23T10:00:00.125Z",
                     *           "error": "",
                     *           "id": "1a2145e7ece00813",
                     *           "name": "",
                     *           "node": "n1",
                     *           "started_at": "2026-11-23T10:00:00.124Z",
                     *           "state": "done",
                     *           "thread": 17,
                     *           "trigger": "api",
                     *           "user": "6148914691236517121"
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["RunInfoList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "run-source": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "sum.js",
                 *       "params": {
                 *         "more": "2"
                 *       },
                 *       "source": "alert( 40 + Int( Param.more ) )"
                 *     }
                 */
                "application/json": components["schemas"]["RunRequest"];
            };
        };
        responses: {
            /** @description How the run ended; as a stream, its lines as they come and the outcome at the end. */
            200: {
                headers: {
                    /**
                     * @description The path of the run.
                     * @example /api/v1/runs/1a2145e7ece00813
                     */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "duration_ms": 1,
                     *       "error": "",
                     *       "id": "1a2145e7ece00813",
                     *       "lines": [
                     *         {
                     *           "text": "42",
                     *           "thread": 17,
                     *           "time": "2026-11-23T10:00:00.125Z"
                     *         }
                     *       ],
                     *       "ok": true
                     *     }
                     */
                    "application/json": components["schemas"]["RunResult"];
                    /**
                     * @example [
                     *       {
                     *         "data": {
                     *           "text": "42",
                     *           "thread": 17,
                     *           "time": "2026-11-23T10:00:00.125Z"
                     *         },
                     *         "event": "line"
                     *       },
                     *       {
                     *         "data": {
                     *           "duration_ms": 1,
                     *           "error": "",
                     *           "ok": true
                     *         },
                     *         "event": "outcome"
                     *       }
                     *     ]
                     */
                    "text/event-stream": ({
                        data: components["schemas"]["Line"];
                        /**
                         * @description Kind of the event.
                         * @enum {string}
                         */
                        event: "line";
                    } | {
                        data: components["schemas"]["Outcome"];
                        /**
                         * @description Kind of the event.
                         * @enum {string}
                         */
                        event: "outcome";
                    })[];
                };
            };
            /** @description With detach: the run goes on by itself. */
            202: {
                headers: {
                    /**
                     * @description The path of the run.
                     * @example /api/v1/runs/1a2145e7ece00813
                     */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": "1a2145e7ece00813"
                     *     }
                     */
                    "application/json": components["schemas"]["RunStarted"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "get-run": {
        parameters: {
            query?: never;
            header?: {
                /** @description Go on after the event with this id, as browsers do by themselves. */
                "Last-Event-ID"?: string;
            };
            path: {
                /**
                 * @description Id of the run.
                 * @example 1a2145e7ece00813
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The run as it is now; as a stream, its lines so far, new ones, and the outcome at the end. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "agent": "hello",
                     *       "duration_ms": 1,
                     *       "ended_at": "2026-11-23T10:00:00.125Z",
                     *       "error": "",
                     *       "id": "1a2145e7ece00813",
                     *       "lines": [
                     *         {
                     *           "text": "42",
                     *           "thread": 17,
                     *           "time": "2026-11-23T10:00:00.125Z"
                     *         }
                     *       ],
                     *       "name": "",
                     *       "node": "n1",
                     *       "started_at": "2026-11-23T10:00:00.124Z",
                     *       "state": "done",
                     *       "thread": 17,
                     *       "trigger": "api",
                     *       "user": "6148914691236517121"
                     *     }
                     */
                    "application/json": components["schemas"]["RunDetail"];
                    /**
                     * @example [
                     *       {
                     *         "data": {
                     *           "text": "42",
                     *           "thread": 17,
                     *           "time": "2026-11-23T10:00:00.125Z"
                     *         },
                     *         "event": "line"
                     *       },
                     *       {
                     *         "data": {
                     *           "duration_ms": 1,
                     *           "error": "",
                     *           "ok": true
                     *         },
                     *         "event": "outcome"
                     *       }
                     *     ]
                     */
                    "text/event-stream": ({
                        data: components["schemas"]["Line"];
                        /**
                         * @description Kind of the event.
                         * @enum {string}
                         */
                        event: "line";
                    } | {
                        data: components["schemas"]["Outcome"];
                        /**
                         * @description Kind of the event.
                         * @enum {string}
                         */
                        event: "outcome";
                    })[];
                };
            };
            /** @description A stream that goes on after the outcome: there is no more, and browsers stop asking. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "stop-run": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description Id of the run.
                 * @example 1a2145e7ece00813
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The run was told to stop, or has ended already. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "list-services": {
        parameters: {
            query?: {
                /** @description The next of the page before; the first page without it. */
                after?: string;
                /** @description Most items of the answer. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of services. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "name": "main_ws_service",
                     *           "url": "x-local://wtv/wtv_main_ws_service.js"
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["ScriptList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "get-service-source": {
        parameters: {
            query?: never;
            header?: {
                /** @description An ETag: the answer is 304 without a body if the text is still that one. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description Name of the service.
                 * @example chat
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The text as it is now. */
            200: {
                headers: {
                    /** @description Names the text; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /** @example alert( 2 ) */
                    "application/javascript": string;
                    /**
                     * @example {
                     *       "etag": "\"88c9b303187579a7ea46ab1738f5e685\"",
                     *       "kind": "service",
                     *       "name": "chat",
                     *       "source": "alert( 2 )\n",
                     *       "url": "x-local://services/chat.js",
                     *       "version": 2
                     *     }
                     */
                    "application/json": components["schemas"]["Source"];
                    /** @example alert( 2 ) */
                    "text/javascript": string;
                    /** @example alert( 2 ) */
                    "text/plain": string;
                };
            };
            /** @description The text is still the one named. */
            304: {
                headers: {
                    /** @description Names the text; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "put-service-source": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the text to replace, or * for any: another one gives 412. Without it any text is replaced, or a new one made. */
                "If-Match"?: string;
                /** @description * writes only where there is no such script yet; where there is one that gives 412. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description Name of the service.
                 * @example chat
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /** @example alert( 2 ) */
                "application/javascript": string;
                /**
                 * @example {
                 *       "note": "says two",
                 *       "source": "alert( 2 )\n"
                 *     }
                 */
                "application/json": components["schemas"]["NewSource"];
                /** @example alert( 2 ) */
                "text/javascript": string;
                /** @example alert( 2 ) */
                "text/plain": string;
            };
        };
        responses: {
            /** @description The text is in force. */
            200: {
                headers: {
                    /** @description Names the text; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "etag": "\"88c9b303187579a7ea46ab1738f5e685\"",
                     *       "kind": "service",
                     *       "name": "chat",
                     *       "url": "x-local://services/chat.js",
                     *       "version": 2
                     *     }
                     */
                    "application/json": components["schemas"]["SourceInfo"];
                };
            };
            /** @description The script is new and in force. */
            201: {
                headers: {
                    /** @description Names the text; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "etag": "\"71cae05ec10148740d3887117d75e43b\"",
                     *       "kind": "service",
                     *       "name": "chat",
                     *       "url": "x-local://services/chat.js",
                     *       "version": 1
                     *     }
                     */
                    "application/json": components["schemas"]["SourceInfo"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "list-service-versions": {
        parameters: {
            query?: {
                /** @description The next of the page before; the first page without it. */
                after?: string;
                /** @description Most items of the answer. */
                limit?: number;
            };
            header?: never;
            path: {
                /**
                 * @description Name of the service.
                 * @example chat
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of versions. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "at": "2026-11-23T10:00:00.125Z",
                     *           "by": "admin",
                     *           "bytes": 11,
                     *           "current": true,
                     *           "etag": "\"88c9b303187579a7ea46ab1738f5e685\"",
                     *           "n": 2,
                     *           "note": "says two"
                     *         },
                     *         {
                     *           "at": "2026-11-23T09:00:00.202Z",
                     *           "by": "start",
                     *           "bytes": 11,
                     *           "current": false,
                     *           "etag": "\"71cae05ec10148740d3887117d75e43b\"",
                     *           "n": 1,
                     *           "note": ""
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["VersionList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "get-service-version": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Number of the version. */
                n: number;
                /**
                 * @description Name of the service.
                 * @example chat
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "at": "2026-11-23T10:00:00.125Z",
                     *       "by": "admin",
                     *       "bytes": 11,
                     *       "current": true,
                     *       "etag": "\"88c9b303187579a7ea46ab1738f5e685\"",
                     *       "n": 2,
                     *       "note": "says two",
                     *       "source": "alert( 2 )\n"
                     *     }
                     */
                    "application/json": components["schemas"]["VersionSource"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "diff-service-versions": {
        parameters: {
            query?: {
                /** @description Number of the version to compare with; the newest one without it. */
                to?: number;
            };
            header?: never;
            path: {
                /** @description Number of the version. */
                n: number;
                /**
                 * @description Name of the service.
                 * @example chat
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The diff; empty if the texts are equal. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example --- version 1
                     *     +++ version 2
                     *     @@ -1,1 +1,1 @@
                     *     -alert( 1 )
                     *     +alert( 2 )
                     */
                    "text/x-diff": string;
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "restore-service-version": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the text to replace, or * for any: another one gives 412. Without it any text is replaced. */
                "If-Match"?: string;
            };
            path: {
                /** @description Number of the version. */
                n: number;
                /**
                 * @description Name of the service.
                 * @example chat
                 */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version that is in force now. */
            200: {
                headers: {
                    /** @description Names the text; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "at": "2026-11-23T10:00:01.338Z",
                     *       "by": "admin",
                     *       "bytes": 11,
                     *       "current": true,
                     *       "etag": "\"71cae05ec10148740d3887117d75e43b\"",
                     *       "n": 3,
                     *       "note": "restored from 1"
                     *     }
                     */
                    "application/json": components["schemas"]["Version"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "list-sessions": {
        parameters: {
            query?: {
                /** @description The next of the page before; the first page without it. */
                after?: string;
                /** @description Most items of the answer. */
                limit?: number;
                /** @description Only sessions of the user with this id. */
                user?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of sessions. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "address": "198.51.100.7",
                     *           "agent": "Mozilla/5.0",
                     *           "begun_at": "2026-11-23T10:00:00.125Z",
                     *           "ends_at": "2026-11-24T11:30:00Z",
                     *           "id": "9wHfmBVnmvKjtxKbZOm2GsjpkJcCmbUSYfUfMxZRJ0s",
                     *           "login": "anna",
                     *           "seen_at": "2026-11-23T11:30:00Z",
                     *           "user_id": "7177256154427237596"
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["SessionList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "end-session": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the session.
                 * @example 9wHfmBVnmvKjtxKbZOm2GsjpkJcCmbUSYfUfMxZRJ0s
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session has ended. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "list-sockets": {
        parameters: {
            query?: {
                /** @description The next of the page before; the first page without it. */
                after?: string;
                /** @description Which sockets: $name, $name:value, $name:[a,b], or a JSON object. All open ones without one; detached ones only if it says so: {"$state":["open","detached"]}. */
                filter?: string;
                /** @description Most items of the answer. */
                limit?: number;
                /** @description Only sockets of this node. */
                node?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of sockets. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "bytes_in": 58,
                     *           "bytes_out": 70,
                     *           "connected_at": "2026-11-23T10:00:00Z",
                     *           "key": "/services/main_ws_service-s-123",
                     *           "node": "n1",
                     *           "queue": {
                     *             "bytes": 0,
                     *             "drop_reason": "",
                     *             "dropped": 0,
                     *             "messages": 0,
                     *             "mode": "json"
                     *           },
                     *           "service": "main_ws_service",
                     *           "state": "open",
                     *           "stateful_id": "123",
                     *           "tags": {
                     *             "socket_type": "ws_group"
                     *           },
                     *           "user_id": "6148914691236517121"
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["SocketList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "get-socket": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The key of the socket, /services/<service>-s-<id>. In a path it is percent-encoded, as clients do by themselves: %2Fservices%2Fmain_ws_service-s-123.
                 * @example /services/main_ws_service-s-123
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The socket. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "bytes_in": 58,
                     *       "bytes_out": 70,
                     *       "connected_at": "2026-11-23T10:00:00Z",
                     *       "key": "/services/main_ws_service-s-123",
                     *       "node": "n1",
                     *       "queue": {
                     *         "bytes": 0,
                     *         "drop_reason": "",
                     *         "dropped": 0,
                     *         "messages": 0,
                     *         "mode": "json"
                     *       },
                     *       "service": "main_ws_service",
                     *       "state": "open",
                     *       "stateful_id": "123",
                     *       "tags": {
                     *         "socket_type": "ws_group"
                     *       },
                     *       "user_id": "6148914691236517121"
                     *     }
                     */
                    "application/json": components["schemas"]["Socket"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "abort-socket": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The key of the socket, /services/<service>-s-<id>. In a path it is percent-encoded, as clients do by themselves: %2Fservices%2Fmain_ws_service-s-123.
                 * @example /services/main_ws_service-s-123
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The socket has ended. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "send-message": {
        parameters: {
            query?: never;
            header?: {
                /** @description Of the caller's choice, 1 to 255 visible ASCII characters. The same request with the same key is done once: it is answered again as the first time, for 24 hours or until 10,000 newer ones came. */
                "Idempotency-Key"?: string;
            };
            path: {
                /**
                 * @description The key of the socket, /services/<service>-s-<id>. In a path it is percent-encoded, as clients do by themselves: %2Fservices%2Fmain_ws_service-s-123.
                 * @example /services/main_ws_service-s-123
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "conflate_key": "price",
                 *       "json_compound": true,
                 *       "message": "{\"price\":42}"
                 *     }
                 */
                "application/json": components["schemas"]["Message"];
            };
        };
        responses: {
            /** @description The message was queued. */
            202: {
                headers: {
                    /** @description true, if this is the answer to an earlier request with the same Idempotency-Key. */
                    "Idempotency-Replayed"?: "true";
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "queue_depth": 1
                     *     }
                     */
                    "application/json": components["schemas"]["Queued"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "patch-tags": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The key of the socket, /services/<service>-s-<id>. In a path it is percent-encoded, as clients do by themselves: %2Fservices%2Fmain_ws_service-s-123.
                 * @example /services/main_ws_service-s-123
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "pong": null,
                 *       "role": "speaker"
                 *     }
                 */
                "application/json": {
                    [key: string]: string | null;
                };
            };
        };
        responses: {
            /** @description The socket with its tags as they are now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "bytes_in": 58,
                     *       "bytes_out": 70,
                     *       "connected_at": "2026-11-23T10:00:00Z",
                     *       "key": "/services/main_ws_service-s-123",
                     *       "node": "n1",
                     *       "queue": {
                     *         "bytes": 0,
                     *         "drop_reason": "",
                     *         "dropped": 0,
                     *         "messages": 0,
                     *         "mode": "json"
                     *       },
                     *       "service": "main_ws_service",
                     *       "state": "open",
                     *       "stateful_id": "123",
                     *       "tags": {
                     *         "socket_type": "ws_group"
                     *       },
                     *       "user_id": "6148914691236517121"
                     *     }
                     */
                    "application/json": components["schemas"]["Socket"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "trace-socket": {
        parameters: {
            query?: never;
            header?: {
                /** @description Go on after the event with this id, as browsers do by themselves. */
                "Last-Event-ID"?: string;
            };
            path: {
                /**
                 * @description The key of the socket, /services/<service>-s-<id>. In a path it is percent-encoded, as clients do by themselves: %2Fservices%2Fmain_ws_service-s-123.
                 * @example /services/main_ws_service-s-123
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The frames, and the end of the socket; the id of each event is to resume after it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       {
                     *         "data": {
                     *           "bytes": 31,
                     *           "dir": "in",
                     *           "text": "{\"socket_action\":\"init_socket\"}",
                     *           "time": "2026-11-23T10:00:00.125Z"
                     *         },
                     *         "event": "frame"
                     *       },
                     *       {
                     *         "data": {
                     *           "code": 1000,
                     *           "reason": "",
                     *           "time": "2026-11-23T10:05:00Z"
                     *         },
                     *         "event": "ended"
                     *       }
                     *     ]
                     */
                    "text/event-stream": ({
                        data: components["schemas"]["Frame"];
                        /**
                         * @description Kind of the event.
                         * @enum {string}
                         */
                        event: "frame";
                    } | {
                        data: components["schemas"]["TraceEnded"];
                        /**
                         * @description Kind of the event.
                         * @enum {string}
                         */
                        event: "ended";
                    })[];
                };
            };
            /** @description The id to resume after is that of the end: nothing will follow. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "stream-socket-events": {
        parameters: {
            query?: {
                /** @description Which sockets, before or after what happens: $name, $name:value, $name:[a,b], or a JSON object. All without one. */
                filter?: string;
                /** @description Whether to begin with the sockets there are: an event snapshot, then one opened for each. It comes again whenever events were lost. */
                snapshot?: boolean;
            };
            header?: {
                /** @description Go on after the event with this id, as browsers do by themselves. */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events; the id of each is to resume after it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example [
                     *       {
                     *         "data": {
                     *           "missing": [],
                     *           "reason": "start",
                     *           "sockets": 1
                     *         },
                     *         "event": "snapshot"
                     *       },
                     *       {
                     *         "data": {
                     *           "bytes_in": 58,
                     *           "bytes_out": 70,
                     *           "connected_at": "2026-11-23T10:00:00Z",
                     *           "key": "/services/main_ws_service-s-123",
                     *           "node": "n1",
                     *           "queue": {
                     *             "bytes": 0,
                     *             "drop_reason": "",
                     *             "dropped": 0,
                     *             "messages": 0,
                     *             "mode": "json"
                     *           },
                     *           "service": "main_ws_service",
                     *           "state": "open",
                     *           "stateful_id": "123",
                     *           "tags": {
                     *             "socket_type": "ws_group"
                     *           },
                     *           "time": "2026-11-23T10:00:00.125Z",
                     *           "user_id": "6148914691236517121"
                     *         },
                     *         "event": "opened"
                     *       },
                     *       {
                     *         "data": {
                     *           "bytes_in": 58,
                     *           "bytes_out": 70,
                     *           "change": "tags",
                     *           "connected_at": "2026-11-23T10:00:00Z",
                     *           "key": "/services/main_ws_service-s-123",
                     *           "matches": true,
                     *           "node": "n1",
                     *           "queue": {
                     *             "bytes": 0,
                     *             "drop_reason": "",
                     *             "dropped": 0,
                     *             "messages": 0,
                     *             "mode": "json"
                     *           },
                     *           "service": "main_ws_service",
                     *           "state": "open",
                     *           "stateful_id": "123",
                     *           "tags": {
                     *             "socket_type": "ws_group"
                     *           },
                     *           "time": "2026-11-23T10:00:01Z",
                     *           "user_id": "6148914691236517121"
                     *         },
                     *         "event": "changed"
                     *       },
                     *       {
                     *         "data": {
                     *           "bytes_in": 58,
                     *           "bytes_out": 70,
                     *           "code": 1000,
                     *           "connected_at": "2026-11-23T10:00:00Z",
                     *           "key": "/services/main_ws_service-s-123",
                     *           "node": "n1",
                     *           "reason": "",
                     *           "service": "main_ws_service",
                     *           "stateful_id": "123",
                     *           "tags": {
                     *             "socket_type": "ws_group"
                     *           },
                     *           "time": "2026-11-23T10:05:00Z",
                     *           "user_id": "6148914691236517121"
                     *         },
                     *         "event": "ended"
                     *       }
                     *     ]
                     */
                    "text/event-stream": ({
                        data: components["schemas"]["SnapshotBegun"];
                        /**
                         * @description Kind of the event.
                         * @enum {string}
                         */
                        event: "snapshot";
                    } | {
                        data: components["schemas"]["SocketOpened"];
                        /**
                         * @description Kind of the event.
                         * @enum {string}
                         */
                        event: "opened";
                    } | {
                        data: components["schemas"]["SocketChanged"];
                        /**
                         * @description Kind of the event.
                         * @enum {string}
                         */
                        event: "changed";
                    } | {
                        data: components["schemas"]["SocketEnded"];
                        /**
                         * @description Kind of the event.
                         * @enum {string}
                         */
                        event: "ended";
                    })[];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "get-stats": {
        parameters: {
            query?: {
                /** @description Only points not earlier than this: a time such as 2026-11-23T10:00:00Z, or how long ago, such as 10m. All without one. */
                since?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The points. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "interval_seconds": 10,
                     *       "items": [
                     *         {
                     *           "count": {
                     *             "agent_errors": 0,
                     *             "agent_runs": 1,
                     *             "bytes_in": 58,
                     *             "bytes_out": 70,
                     *             "closes": 0,
                     *             "dropped_messages": 0,
                     *             "handshakes": 1,
                     *             "limit_refusals": 0,
                     *             "limit_waits": 0,
                     *             "log_lines": 1,
                     *             "messages_in": 2,
                     *             "messages_out": 3,
                     *             "refused_handshakes": 0,
                     *             "script_calls": 2,
                     *             "script_errors": 0,
                     *             "takeovers": 0
                     *           },
                     *           "level": {
                     *             "queue_bytes": 0,
                     *             "queue_messages": 0,
                     *             "running_agents": 0,
                     *             "running_calls": 0,
                     *             "sockets": 1
                     *           },
                     *           "seconds": 10,
                     *           "time": "2026-11-23T10:00:10Z"
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "node": "n1",
                     *       "now": {
                     *         "queue_bytes": 0,
                     *         "queue_messages": 0,
                     *         "running_agents": 0,
                     *         "running_calls": 0,
                     *         "sockets": 1
                     *       },
                     *       "started_at": "2026-11-23T09:00:00Z",
                     *       "totals": {
                     *         "agent_errors": 0,
                     *         "agent_runs": 1,
                     *         "bytes_in": 58,
                     *         "bytes_out": 70,
                     *         "closes": 0,
                     *         "dropped_messages": 0,
                     *         "handshakes": 1,
                     *         "limit_refusals": 0,
                     *         "limit_waits": 0,
                     *         "log_lines": 1,
                     *         "messages_in": 2,
                     *         "messages_out": 3,
                     *         "refused_handshakes": 0,
                     *         "script_calls": 2,
                     *         "script_errors": 0,
                     *         "takeovers": 0
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Stats"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "list-tags": {
        parameters: {
            query?: {
                /** @description The next of the page before; the first page without it. */
                after?: string;
                /** @description Most items of the answer. */
                limit?: number;
                /** @description Only the tag of this name. */
                name?: string;
                /** @description Most values told of each tag. */
                values?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of tags. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "count": 3,
                     *           "distinct": 2,
                     *           "name": "socket_type",
                     *           "truncated": false,
                     *           "values": [
                     *             {
                     *               "count": 2,
                     *               "value": "ws_group"
                     *             },
                     *             {
                     *               "count": 1,
                     *               "value": "news"
                     *             }
                     *           ]
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["TagList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "list-user-data": {
        parameters: {
            query?: {
                /** @description The next of the page before; the first page without it. */
                after?: string;
                /** @description Most items of the answer. */
                limit?: number;
                /** @description Only keys that begin so. */
                prefix?: string;
                /** @description Whether to tell the values too. A page then ends early when they are large. */
                values?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of keys. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "expires_at": "2026-11-24T10:00:00Z",
                     *           "key": "settings/7177256154427237596",
                     *           "ttl": 86400
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["UserDataList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "get-user-data": {
        parameters: {
            query?: never;
            header?: {
                /** @description An ETag: the answer is 304 without a body if the value is still that one. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The key of the value. In a path it is percent-encoded, as clients do by themselves: settings%2F7177256154427237596.
                 * @example settings/7177256154427237596
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The value. */
            200: {
                headers: {
                    /** @description Names the value; If-Match of a write takes it. Recipients lists have none. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "expires_at": "2026-11-24T10:00:00Z",
                     *       "key": "settings/7177256154427237596",
                     *       "ttl": 86400,
                     *       "value": {
                     *         "theme": "dark"
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["UserData"];
                };
            };
            /** @description The value is still the one named. */
            304: {
                headers: {
                    /** @description Names the value; If-Match of a write takes it. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "put-user-data": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the value to replace, or * for any: another one gives 412. Without it any value is replaced, or a new one stored. */
                "If-Match"?: string;
                /** @description * writes only where there is no value yet; where there is one that gives 412. */
                "If-None-Match"?: string;
            };
            path: {
                /**
                 * @description The key of the value. In a path it is percent-encoded, as clients do by themselves: settings%2F7177256154427237596.
                 * @example settings/7177256154427237596
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "ttl": 86400,
                 *       "value": {
                 *         "theme": "dark"
                 *       }
                 *     }
                 */
                "application/json": components["schemas"]["UserDataRequest"];
            };
        };
        responses: {
            /** @description The value was stored. */
            200: {
                headers: {
                    /** @description Names the value; If-Match of a write takes it. Recipients lists have none. */
                    ETag?: string;
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "expires_at": "2026-11-24T10:00:00Z",
                     *       "key": "settings/7177256154427237596",
                     *       "ttl": 86400
                     *     }
                     */
                    "application/json": components["schemas"]["UserData"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
            507: components["responses"]["InsufficientStorage"];
        };
    };
    "delete-user-data": {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of the value to remove, or * for any: another one gives 412. Without it any value is removed. */
                "If-Match"?: string;
            };
            path: {
                /**
                 * @description The key of the value. In a path it is percent-encoded, as clients do by themselves: settings%2F7177256154427237596.
                 * @example settings/7177256154427237596
                 */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The value was removed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            412: components["responses"]["PreconditionFailed"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "list-users": {
        parameters: {
            query?: {
                /** @description The next of the page before; the first page without it. */
                after?: string;
                /** @description Most items of the answer. */
                limit?: number;
                /** @description Only the user with this login, if there is one. */
                login?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of users. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "admin": false,
                     *           "created_at": "2026-11-23T10:00:00.125Z",
                     *           "disabled": false,
                     *           "fields": {
                     *             "position": "teacher"
                     *           },
                     *           "id": "7177256154427237596",
                     *           "login": "anna",
                     *           "name": "Anna K.",
                     *           "password_at": "2026-11-23T10:00:00.125Z"
                     *         }
                     *       ],
                     *       "missing": [],
                     *       "next": ""
                     *     }
                     */
                    "application/json": components["schemas"]["UserList"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "add-user": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "fields": {
                 *         "position": "teacher"
                 *       },
                 *       "login": "anna",
                 *       "name": "Anna K.",
                 *       "password": "correct horse battery"
                 *     }
                 */
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            /** @description The user was added. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "admin": false,
                     *       "created_at": "2026-11-23T10:00:00.125Z",
                     *       "disabled": false,
                     *       "fields": {
                     *         "position": "teacher"
                     *       },
                     *       "id": "7177256154427237596",
                     *       "login": "anna",
                     *       "name": "Anna K.",
                     *       "password_at": "2026-11-23T10:00:00.125Z"
                     *     }
                     */
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "remove-user": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the user.
                 * @example 7177256154427237596
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user was removed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
    "change-user": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /**
                 * @description The id of the user.
                 * @example 7177256154427237596
                 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "name": "Anna K.",
                 *       "password": "another horse battery"
                 *     }
                 */
                "application/json": components["schemas"]["UserChange"];
            };
        };
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "admin": false,
                     *       "created_at": "2026-11-23T10:00:00.125Z",
                     *       "disabled": false,
                     *       "fields": {
                     *         "position": "teacher"
                     *       },
                     *       "id": "7177256154427237596",
                     *       "login": "anna",
                     *       "name": "Anna K.",
                     *       "password_at": "2026-11-23T10:00:00.125Z"
                     *     }
                     */
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["BadRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            406: components["responses"]["NotAcceptable"];
            408: components["responses"]["RequestTimeout"];
            409: components["responses"]["Conflict"];
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
            503: components["responses"]["ServiceUnavailable"];
        };
    };
}
