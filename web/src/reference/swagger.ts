// Swagger UI, loaded as the file its makers built: it is far larger than this page and needs
// no second pass through a bundler.

import bundle from 'swagger-ui-dist/swagger-ui-bundle.js?url';
import 'swagger-ui-dist/swagger-ui.css';
import type { OutgoingRequest } from './request';

interface Options {
  url: string;
  domNode: HTMLElement;
  requestInterceptor(request: OutgoingRequest): OutgoingRequest;
  onFailed(): void;
}

type Bundle = (options: Record<string, unknown>) => unknown;

declare global {
  interface Window {
    SwaggerUIBundle?: Bundle;
  }
}

/** Draws the reference into a node. */
export function draw(options: Options): void {
  const script = document.createElement('script');
  script.src = bundle;
  script.onerror = options.onFailed;
  script.onload = () => {
    window.SwaggerUIBundle?.({
      url: options.url,
      domNode: options.domNode,
      requestInterceptor: options.requestInterceptor,
      deepLinking: true,
      displayRequestDuration: true,
      defaultModelsExpandDepth: 0,
      docExpansion: 'list',
      filter: true,
      tagsSorter: undefined, // as in the document
      tryItOutEnabled: true,
      validatorUrl: null, // no request leaves for a validator elsewhere
      plugins: [withoutAuthorize],
    });
  };
  document.head.append(script);
}

// The page has its own field for the token.
const nothing = () => () => null;
const withoutAuthorize = () => ({ wrapComponents: { authorizeBtn: nothing, authorizeOperationBtn: nothing } });
