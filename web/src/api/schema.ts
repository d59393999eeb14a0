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
         * Agents of the app
         * @description The agents of the app by name, with what keeps a file from loading.
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
         * @description Puts a message into the queues of all sockets chosen by exactly one of `filter`, `keys` and `user_id`. An empty filter means every socket. A socket whose queue is full, or that is gone, is passed over and not counted.
         */
        post: operations["send-messages"];
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
    "/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
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
    "/services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Services of the app
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
    "/sockets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Open sockets, ordered by key
         * @description A page of the open sockets that a filter chooses, ordered by key. `next` of an answer goes into `after` for the page that follows; sockets that come and go move no others from one page to the next.
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
         * @description What is known of one socket.
         */
        get: operations["get-socket"];
        put?: never;
        post?: never;
        /**
         * Drop a connection at once
         * @description Ends the connection without a close frame: the client sees 1006.
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
         * @description Puts a message into the queue of the socket. The answer says that it was queued, not that it was received.
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
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AgentRunRequest: {
            /** @description What the script finds in Param. */
            params?: {
                [key: string]: string;
            };
            /** @description Id of the user the agent runs as; the one its first comment names, or the administrator, without one. */
            user?: string;
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
        Delivery: {
            /**
             * Format: int64
             * @description Sockets whose queue took the message.
             */
            addressed: number;
            /** @description Nodes that did not answer. */
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
        GroupMessage: {
            /** @description A filter: text ($name, $name:value, $name:[a,b]) or a JSON object. An empty text means every socket. */
            filter?: string | {
                [key: string]: unknown;
            };
            /** @description Whether the text is an item of a JSON array, as in the scripts' WriteToWebSocketMessageQueue. */
            json_compound?: boolean;
            /** @description Keys of sockets; those that are gone are passed over, those named twice get the message once. */
            keys?: string[] | null;
            /** @description The text to send. */
            message: string;
            /** @description Every socket of this user. */
            user_id?: string;
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
        RunRequest: {
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
        Script: {
            /** @description What its file says it is for. */
            description?: string;
            /** @description How it is called and run. */
            name: string;
            /** @description Why the file as it is now does not load. The last good version, if there is one, keeps running. */
            problem?: string;
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
             * @description detached: the connection broke, and may come back.
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
        SocketList: {
            /** @description The page. */
            items: components["schemas"]["Socket"][];
            /** @description Nodes that did not answer. */
            missing: string[];
            /** @description What after must be for the page that follows; empty on the last one. */
            next: string;
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
        /** @description The Host or Origin of the request is not known here, or the key may not do this. */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "The Host or Origin of the request is not known here, or the key may not do this.",
                 *       "status": 403,
                 *       "title": "Forbidden"
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
                 *       "detail": "The server failed. Its log says more.",
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
        /** @description The body is larger than 4194304 bytes. */
        RequestEntityTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "detail": "The body is too large: it must be smaller than 4194304 bytes.",
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
                 *       "detail": "The body took too long to arrive.",
                 *       "status": 408,
                 *       "title": "Request Timeout"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Not able now: too many runs at once, or what the request needs does not answer. */
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
                 *       "detail": "Not able now: too many runs at once, or what the request needs does not answer.",
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
                 *       "detail": "The queue of the socket is full; the message was dropped.",
                 *       "status": 429,
                 *       "title": "Too Many Requests"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No token, or one this server does not know. */
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
                 *       "detail": "No token, or one this server does not know.",
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
        /** @description The body is of another type, charset or encoding than JSON in UTF-8. */
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
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The agents. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "name": "hello",
                     *           "url": "x-local://agents/hello.js"
                     *         },
                     *         {
                     *           "name": "broken",
                     *           "problem": "Unexpected }",
                     *           "url": "x-local://agents/broken.js"
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
        };
    };
    "run-agent": {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the agent. */
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
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "duration_ms": 1,
                     *       "error": "",
                     *       "lines": [
                     *         {
                     *           "agent": "hello",
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
                     *           "agent": "hello",
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
                     *           "doc": "Writes a line to the log.",
                     *           "kind": "function",
                     *           "name": "alert",
                     *           "origin": "shared",
                     *           "signature": "(text: any): void"
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
        };
    };
    "stream-logs": {
        parameters: {
            query?: {
                /** @description Only lines with this text. */
                contains?: string;
                /** @description Whether to go on with new lines after the remembered ones. */
                follow?: boolean;
                /** @description Not earlier than this: a time such as 2026-11-23T10:00:00Z, or how long ago, such as 10m. */
                since?: string;
                /** @description Only lines of this script thread. */
                thread?: number;
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
            406: components["responses"]["NotAcceptable"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
        };
    };
    "send-messages": {
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
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            500: components["responses"]["InternalServerError"];
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
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "duration_ms": 1,
                     *       "error": "",
                     *       "lines": [
                     *         {
                     *           "agent": "hello",
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
                     *           "agent": "hello",
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
    "list-services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The services. */
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
        };
    };
    "list-sockets": {
        parameters: {
            query?: {
                /** @description The next of the page before. */
                after?: string;
                /** @description Which sockets: $name, $name:value, $name:[a,b], or a JSON object. All without one. */
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
            /** @description The connection was dropped. */
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
        };
    };
    "send-message": {
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
            413: components["responses"]["RequestEntityTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["UnprocessableEntity"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalServerError"];
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
        };
    };
}
